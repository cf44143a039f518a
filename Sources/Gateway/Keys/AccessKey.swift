internal import Crypto
internal import FoundationEssentials
public import Store

/// What the bearer of a key may do.
///
/// Each role is let in on one plane alone: a client's key that leaks moves no rollout, and an operator's never has to
/// lie in an application's settings.
public enum KeyRole: String, Sendable, Hashable, CaseIterable {
    /// Reads everything on the admin plane and changes nothing.
    case viewer
    /// Reads everything on the admin plane, commands rollouts and changes policies.
    case `operator`
    /// Uses the data plane, under the key's name and tags.
    case client
}

/// What is kept of one key: whose it is and how to know it, never the key itself.
///
/// Its digest is one plain SHA-256. Salt and a slow hash protect what people think up; a key here is 256 random
/// bits, which no amount of guessing finds, so they would only make each request dearer.
public struct AccessKey: Sendable, Hashable {
    /// Bytes of a name: it stands in every line of the audit that its bearer causes.
    public static let longestName = 64
    /// Tags of one key: each is compared with what the policies ask for, request by request.
    public static let mostTags = 8
    /// Bytes of a tag.
    public static let longestTag = 32
    /// The audit's own actors; a key of that name could pass for one.
    static let reservedNames = ["file", "rollout", KeyAudit.actor]
    /// Before the random part, so that people and scanners for leaked secrets know it when they see it.
    private static let prefix = "hg_"
    private static let randomBytes = 32

    public let name: String
    public let role: KeyRole
    /// What policies may ask for; sorted, each once. Only a client's key has any.
    public let tags: [String]
    public let created: Timestamp
    /// Of the key's words; nil where a client certificate of this name stands for them.
    let digest: [UInt8]?

    init(
        name: String,
        role: KeyRole,
        tags: [String] = [],
        created: Timestamp,
        digest: [UInt8]?
    ) throws(GatewayError) {
        let isName = (1...Self.longestName).contains(name.utf8.count) && Self.isWord(name)
        guard isName, !Self.reservedNames.contains(name) else { throw .keyNameRefused(name) }
        guard tags.isEmpty || role == .client else { throw .tagsNeedClient }
        // The data plane asks nobody for a certificate.
        guard digest != nil || role != .client else { throw .certificateIsForAdmin }
        for tag in tags {
            guard (1...Self.longestTag).contains(tag.utf8.count), Self.isWord(tag) else {
                throw .tagRefused(tag)
            }
        }
        let distinct = Set(tags).sorted()
        guard distinct.count <= Self.mostTags else { throw .tooManyTags(limit: Self.mostTags) }
        self.name = name
        self.role = role
        self.tags = distinct
        self.created = created
        self.digest = digest
    }

    /// Whether its bearer shows a certificate of this name, and no words.
    public var isCertificate: Bool { digest == nil }

    /// The words of a new key.
    static func secret(using random: inout some RandomNumberGenerator) -> String {
        let bytes = (0..<randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let base64 = Data(bytes).base64EncodedString()
        return prefix + base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func digest(of secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(secret.utf8)))
    }

    /// What policies that take the key as subject are given in its place; the same for words that are no key's.
    public var subject: String { Hex.text(digest ?? []) }

    private static func isWord(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "@"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// Bytes as lower-case hex digits.
enum Hex {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }

    /// Nil if the text is anything else.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue ?? 16) }
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ $0 < 16 }) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
