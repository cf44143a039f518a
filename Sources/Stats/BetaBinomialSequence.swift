#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An exact confidence sequence for one rate, valid at every count from the first.
///
/// {p : ln M(p) < ln 1/α}, ln M(p) = ln B(a+S, b+n−S) − ln B(a, b) − S·ln p − (n−S)·ln(1−p), the mixture of
/// likelihood ratios over a Beta(a, b) prior. Assumes independent trials: one per subject. Used where the
/// asymptotic sequence has nothing to say: few events, zero variance. Source: Robbins, Ann. Math. Stat. 41, 1970.
public struct BetaBinomialSequence: Sendable, Hashable {
    public let alpha: Double
    public let priorSuccesses: Double
    public let priorFailures: Double

    public init(alpha: Double, priorSuccesses: Double = 1, priorFailures: Double = 1) {
        precondition(alpha > 0 && alpha < 1, "alpha must lie between 0 and 1, not \(alpha)")
        precondition(
            priorSuccesses > 0 && priorFailures > 0,
            "a Beta prior needs positive parameters, not \(priorSuccesses) and \(priorFailures)"
        )
        self.alpha = alpha
        self.priorSuccesses = priorSuccesses
        self.priorFailures = priorFailures
    }

    public func interval(for counts: Counts) -> Interval {
        guard let rate = counts.rate else { return Interval(lower: 0, upper: 1) }
        let threshold = -log(alpha)
        let s = Double(counts.successes)
        let f = Double(counts.failures)
        let evidence = logBeta(priorSuccesses + s, priorFailures + f) - logBeta(priorSuccesses, priorFailures)
        let holds = { (p: Double) in evidence - scaledLog(s, p) - scaledLog(f, 1 - p) < threshold }
        let lower = s == 0 ? 0 : boundary(inside: rate, outside: 0, holds: holds)
        let upper = f == 0 ? 1 : boundary(inside: rate, outside: 1, holds: holds)
        return Interval(lower: lower, upper: upper)
    }
}
