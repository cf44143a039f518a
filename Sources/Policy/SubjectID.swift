internal import Crypto

/// The unit of randomisation as the client named it: a user, a tenant, a session, or one request.
///
/// The raw value may identify a person. It lives in memory only: its description, and so every log line
/// and error that interpolates it, is the digest.
public struct SubjectID: Sendable, Hashable, RawRepresentable, ExpressibleByStringLiteral {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }

    /// What is stored in place of the subject.
    ///
    /// It depends on nothing but the subject, so one person is one digest under every policy and salt.
    public var digest: SubjectDigest {
        var hash = SHA256()
        hash.update(data: Array("headgate-subject".utf8) + [0])
        hash.update(data: Array(rawValue.utf8))
        return SubjectDigest(rawValue: hex(hash.finalize().prefix(SubjectDigest.byteCount)))
    }
}

extension SubjectID: CustomStringConvertible {
    public var description: String { digest.rawValue }
}

/// The first 16 bytes of SHA-256 over `headgate-subject`, a zero byte and the subject, as 32 hex digits.
///
/// It hides a subject from a casual reader of the database, not from someone who can guess subjects and
/// hash them: it has no key.
public struct SubjectDigest: PolicyIdentifier {
    /// 128 bits: no two of a billion subjects share a digest but with a chance of 10⁻²¹.
    static let byteCount = 16

    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
