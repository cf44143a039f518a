internal import Crypto

/// Spreads texts evenly over 10,000 buckets, one for each basis point of a share, by a hash.
///
/// x modulo 10,000, where x is the first 8 bytes, big-endian, of SHA-256(salt ‖ 0 ‖ label ‖ 0 ‖ text). Each use has a
/// label of its own, so that what one decides says nothing of what another does; with a colon in it, it is no arm's name.
struct HashBucket: Sendable, Hashable {
    static let count = 10_000

    private let prefix: [UInt8]

    init(salt: String, label: String) {
        prefix = Array(salt.utf8) + [0] + Array(label.utf8) + [0]
    }

    func index(of text: String) -> Int {
        let digest = SHA256.hash(data: prefix + Array(text.utf8))
        let x = digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
        return Int(x % UInt64(Self.count))
    }
}
