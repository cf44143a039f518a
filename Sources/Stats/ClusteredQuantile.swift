/// A quantile of requests with subjects as the unit: point value and anytime-valid bounds.
///
/// F̂(x) = Σk_u(x)/Σr_u (k_u: the subject's requests at most x, r_u: all of them), se by the delta method over
/// subjects. lower = min{x : F̂ + m·se ≥ p}, upper = min{x : F̂ − m·se ≥ p}, +∞ if there is none: the sample's
/// maximum is never passed off as a bound. A request that timed out, failed or was abandoned enters as +∞, it
/// is not dropped, else the arm that loses its slow requests looks fast.
public struct ClusteredQuantile: Sendable, Hashable {
    public var value: Double
    public var interval: Interval

    /// Nil without observations. `valuesBySubject` may hold +∞ but no NaN.
    public init?(_ p: Double, of valuesBySubject: [[Double]], sequence: ConfidenceSequence) {
        precondition(p > 0 && p < 1, "a quantile lies between 0 and 1, not at \(p)")
        let subjects = valuesBySubject.filter { !$0.isEmpty }
        guard !subjects.isEmpty else { return nil }
        var distribution = Distribution(subjects: subjects)
        let multiplier = sequence.multiplier(subjects: subjects.count)
        var value = Double.infinity
        var lower = Double.infinity
        var upper = Double.infinity
        while let x = distribution.advance() {
            let fraction = distribution.fraction
            // Zero variance means every request of every subject lies at or below x: no tail was seen, hence no
            // knowledge of one.
            let margin =
                distribution.variance > 0 ? multiplier * distribution.variance.squareRoot() : .infinity
            if fraction >= p { value = min(value, x) }
            if fraction + margin >= p { lower = min(lower, x) }
            if fraction - margin >= p {
                upper = x
                break
            }
        }
        self.value = value
        interval = Interval(lower: lower, upper: upper)
    }

    /// The excess of the treatment over `limit` × control, from each arm's bounds at half the level.
    ///
    /// The box [L_T − r·U_C, U_T − r·L_C]: valid whatever the two arms' joint law.
    public static func excess(control: Interval, treatment: Interval, overRatio limit: Double) -> Interval {
        precondition(limit > 0, "a ratio limit must be positive, not \(limit)")
        // An arm whose very lower bound is infinite is slower than anything measured; ∞ − ∞ is not a number.
        let lower = control.upper.isFinite ? treatment.lower - limit * control.upper : -.infinity
        let upper = treatment.upper.isFinite ? treatment.upper - limit * control.lower : .infinity
        return Interval(lower: min(lower, upper), upper: upper)
    }
}

/// The clustered empirical distribution, walked from its smallest value up.
private struct Distribution {
    private let observations: [(value: Double, subject: Int)]
    private let sizes: [Double]
    private let total: Double
    private let sizesSquared: Double
    private var next = 0
    private var below: [Double]
    private var belowTotal = 0.0
    private var belowSquared = 0.0
    private var belowTimesSize = 0.0

    init(subjects: [[Double]]) {
        var observations: [(value: Double, subject: Int)] = []
        for (index, values) in subjects.enumerated() {
            for value in values {
                precondition(!value.isNaN, "an observation must be a number")
                observations.append((value, index))
            }
        }
        self.observations = observations.sorted { $0.value < $1.value }
        sizes = subjects.map { Double($0.count) }
        total = sizes.reduce(0, +)
        sizesSquared = sizes.reduce(0) { $0 + $1 * $1 }
        below = subjects.map { _ in 0 }
    }

    /// Moves past every observation equal to the next value, and returns that value.
    mutating func advance() -> Double? {
        guard next < observations.count else { return nil }
        let value = observations[next].value
        while next < observations.count, observations[next].value == value {
            let subject = observations[next].subject
            belowSquared += 2 * below[subject] + 1
            belowTimesSize += sizes[subject]
            below[subject] += 1
            belowTotal += 1
            next += 1
        }
        return value
    }

    var fraction: Double { belowTotal / total }

    /// K/(K−1)·Σ(k_u − F̂·r_u)²/(Σr)², from running sums; zero for a single subject, of which nothing is known.
    var variance: Double {
        let count = Double(sizes.count)
        guard count > 1, belowTotal < total else { return 0 }
        let residual = belowSquared - 2 * fraction * belowTimesSize + fraction * fraction * sizesSquared
        return max(0, count / (count - 1) * residual / (total * total))
    }
}
