internal import Crypto

/// Gives each subject one arm of a policy by weighted rendezvous hashing.
///
/// For each arm, u is SHA-256(salt ‖ 0 ‖ arm ‖ 0 ‖ subject) as a fraction in (0, 1), and the arm with the
/// smallest −ln(u)/share wins. Those scores are exponential clocks with the shares as their rates, so each
/// arm wins with its share's probability. The result is a pure function of salt, shares and subject: it
/// needs no storage, agrees on every host, and does not depend on the order of the arms.
///
/// When shares change, a subject moves from one arm to another only if the other grew by the larger factor.
/// With two arms, or while every arm but one keeps its proportions to the rest, no fewer subjects could
/// move. With three or more arms whose shares change by three different factors, somewhat more move than
/// the least possible: no assignment without storage avoids that for every change.
///
/// Hosts could disagree only through `log`, whose implementations differ by at most one unit in the last
/// place. That decides a winner only when two scores agree to some 50 bits: once in 10¹⁵ subjects.
struct Assigner: Sendable, Hashable {
    private struct Entry: Sendable, Hashable {
        let arm: Arm
        let prefix: [UInt8]
    }

    private let entries: [Entry]

    /// - Parameter arms: with distinct names; one of them has a share above zero.
    init(salt: String, arms: [Arm]) {
        precondition(arms.contains { $0.share.basisPoints > 0 }, "no arm of salt \(salt) has a share")
        entries = arms.filter { $0.share.basisPoints > 0 }
            .map { Entry(arm: $0, prefix: Assigner.prefix(salt: salt, arm: $0.id)) }
            .sorted { $0.arm.id < $1.arm.id }
    }

    func dealing(for subject: SubjectID) -> Dealing {
        let bytes = Array(subject.rawValue.utf8)
        return Dealing(
            draws: entries.map { entry in
                let fraction = Assigner.fraction(prefix: entry.prefix, subject: bytes)
                return Dealing.Draw(arm: entry.arm, fraction: fraction)
            }
        )
    }

    private static func prefix(salt: String, arm: ArmID) -> [UInt8] {
        Array(salt.utf8) + [0] + Array(arm.rawValue.utf8) + [0]
    }

    /// The first 8 bytes of the digest as a big-endian integer x give u = (⌊x / 2¹²⌋ + ½) / 2⁵².
    ///
    /// 52 bits and the half make 53 significant bits: every u is exact in a `Double`. One bit more would
    /// round the largest draw up to 1, whose logarithm is 0 and wins against any share.
    private static func fraction(prefix: [UInt8], subject: [UInt8]) -> Double {
        let digest = SHA256.hash(data: prefix + subject)
        let x = digest.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
        return (Double(x >> 12) + 0.5) * 0x1p-52
    }
}
