internal import Crypto
internal import FoundationEssentials
public import Store

/// What the bearer of a key may do on the admin plane.
public enum AdminRole: String, Sendable, Hashable, CaseIterable {
    /// Reads everything and changes nothing.
    case viewer
    /// Reads everything and commands rollouts.
    case `operator`
}

/// What is kept of one admin key: whose it is and how to know it, never the key itself.
///
/// Its digest is one plain SHA-256. Salt and a slow hash protect what people think up; a key here is 256 random
/// bits, which no amount of guessing finds, so they would only make each request dearer.
public struct AdminKey: Sendable, Hashable {
    /// Bytes of a name: it stands in every line of the audit that its bearer causes.
    public static let longestName = 64
    /// The audit's own actors; a key of that name could pass for one.
    static let reservedNames = ["file", "rollout"]
    /// Before the random part, so that people and scanners for leaked secrets know it when they see it.
    private static let prefix = "hg_"
    private static let randomBytes = 32

    public let name: String
    public let role: AdminRole
    public let created: Timestamp
    let digest: [UInt8]

    init(name: String, role: AdminRole, created: Timestamp, digest: [UInt8]) throws(GatewayError) {
        guard Self.isName(name) else { throw .keyNameRefused(name) }
        self.name = name
        self.role = role
        self.created = created
        self.digest = digest
    }

    /// The words of a new key.
    static func secret(using random: inout some RandomNumberGenerator) -> String {
        let bytes = (0..<randomBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let base64 = Data(bytes).base64EncodedString()
        return prefix + base64.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func digest(of secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(secret.utf8)))
    }

    /// Compares every byte whatever the first ones are, so that the time it takes tells nothing.
    func has(digest other: [UInt8]) -> Bool {
        digest.count == other.count && zip(digest, other).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func isName(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count) && !reservedNames.contains(name)
            && name.utf8.allSatisfy { byte in
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
