#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A sequential test that subjects arrive in the arms in the configured shares.
///
/// ln e = ln B(k·w + x) − ln B(k·w) − Σ xᵢ·ln wᵢ (B multivariate beta) on counts x of subjects at their first
/// assignment with shares w. p = min(1, 1/e); alarm once its running minimum reaches α, at most a fraction α of
/// sound experiments ever, however often looked at; a χ² test repeated at each look has no such bound.
/// When shares change, the e-values of the epochs multiply: start an epoch with the new shares.
/// Source: Lindon, Malek, NeurIPS 2022.
public struct SampleRatioCheck: Sendable {
    public let alpha: Double
    private let priorStrength: Double
    private var closedLogEvidence = 0.0
    private var weights: [Double]
    public private(set) var counts: [Int]
    public private(set) var smallestPValue = 1.0

    /// `alpha` 0.001 because a false alarm stops a sound rollout; `priorStrength` 100 is the source's choice.
    public init(shares: [Double], alpha: Double = 0.001, priorStrength: Double = 100) {
        precondition(alpha > 0 && alpha < 1, "alpha must lie between 0 and 1, not \(alpha)")
        self.alpha = alpha
        self.priorStrength = priorStrength
        weights = Self.normalised(shares)
        counts = shares.map { _ in 0 }
    }

    /// Adds newly assigned subjects, one count per arm.
    public mutating func add(_ batch: [Int]) {
        precondition(batch.count == counts.count, "\(batch.count) counts for \(counts.count) arms")
        for index in counts.indices { counts[index] += batch[index] }
        smallestPValue = min(smallestPValue, pValue)
    }

    /// Ends the present epoch, keeping its evidence, and starts one with other shares.
    public mutating func startEpoch(shares: [Double]) {
        closedLogEvidence = logEvidence
        weights = Self.normalised(shares)
        counts = shares.map { _ in 0 }
    }

    public var logEvidence: Double {
        let prior = weights.map { $0 * priorStrength }
        let posterior = zip(prior, counts).map { $0 + Double($1) }
        let likelihood = zip(counts, weights).reduce(0) { $0 + scaledLog(Double($1.0), $1.1) }
        return closedLogEvidence + logBeta(posterior) - logBeta(prior) - likelihood
    }

    public var pValue: Double { min(1, exp(-logEvidence)) }
    public var isMismatch: Bool { smallestPValue <= alpha }

    /// The fixed-sample χ² p-value of the present epoch, beside it for comparison; never an alarm.
    public var chiSquarePValue: Double {
        let total = Double(counts.reduce(0, +))
        guard total > 0 else { return 1 }
        let statistic = zip(counts, weights).reduce(0) { sum, arm in
            let expected = arm.1 * total
            let gap = Double(arm.0) - expected
            return sum + gap * gap / expected
        }
        return upperGamma(shape: Double(counts.count - 1) / 2, statistic / 2)
    }

    private static func normalised(_ shares: [Double]) -> [Double] {
        precondition(
            shares.count > 1 && shares.allSatisfy { $0 > 0 },
            "a sample ratio needs two or more positive shares, not \(shares)"
        )
        let total = shares.reduce(0, +)
        return shares.map { $0 / total }
    }
}

/// Q(a, x), the regularised upper incomplete gamma function: the χ² survival function at 2x, 2a degrees.
///
/// The power series below x = a + 1 and Lentz's continued fraction above, each where it converges fast.
func upperGamma(shape a: Double, _ x: Double) -> Double {
    precondition(a > 0 && x >= 0, "the incomplete gamma function needs a > 0 and x >= 0, not \(a), \(x)")
    guard x > 0 else { return 1 }
    let front = exp(-x + a * log(x) - logGamma(a))
    if x < a + 1 {
        var term = 1 / a
        var sum = term
        var n = a
        while abs(term) > abs(sum) * 1e-17 {
            n += 1
            term *= x / n
            sum += term
        }
        return 1 - front * sum
    }
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var fraction = d
    for i in 1...10_000 {
        let an = -Double(i) * (Double(i) - a)
        b += 2
        d = an * d + b
        if abs(d) < tiny { d = tiny }
        c = b + an / c
        if abs(c) < tiny { c = tiny }
        d = 1 / d
        fraction *= d * c
        if abs(d * c - 1) < 1e-16 { break }
    }
    return front * fraction
}
