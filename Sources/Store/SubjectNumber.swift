public import Policy

/// A subject as rows know it: the first 64 bits of its digest.
///
/// Among two million subjects the chance that any two share a number is one in ten million; eight bytes less in
/// every row are worth that.
public struct SubjectNumber: Sendable, Hashable, RawRepresentable {
    public var rawValue: Int64

    public init(rawValue: Int64) {
        self.rawValue = rawValue
    }

    public init(_ digest: SubjectDigest) {
        let bits = UInt64(digest.rawValue.prefix(16), radix: 16)
        guard let bits, digest.rawValue.utf8.count >= 16 else {
            preconditionFailure("a subject's digest starts with 16 hex digits, unlike \(digest)")
        }
        rawValue = Int64(bitPattern: bits)
    }
}
