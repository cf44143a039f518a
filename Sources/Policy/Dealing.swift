#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// How the arms of a policy drew for one subject, and which of them got it.
///
/// Assignment is made through this value, so whoever shows it shows what decided.
public struct Dealing: Sendable, Hashable {
    /// What one arm drew: the arm with the smallest key gets the subject.
    public struct Draw: Sendable, Hashable {
        public let arm: Arm
        /// u, strictly between 0 and 1.
        public let fraction: Double
        /// −ln(u)/share.
        public let key: Double

        init(arm: Arm, fraction: Double) {
            self.arm = arm
            self.fraction = fraction
            key = -log(fraction) / arm.share.fraction
        }
    }

    /// Of every arm that has a share, in order of the arms' names.
    public let draws: [Draw]
    public let winner: Arm

    /// - Parameter draws: at least one, in order of the arms' names: on equal keys the first name wins.
    init(draws: [Draw]) {
        self.draws = draws
        winner = draws.dropFirst().reduce(draws[0]) { $1.key < $0.key ? $1 : $0 }.arm
    }
}
