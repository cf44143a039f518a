/// An estimated quantity, the variance of that estimate, and the number of subjects behind it.
///
/// Every statistic that an asymptotic confidence sequence can bound (a rate, a mean, a ratio, a contrast of
/// these between arms) is reduced to this, so that the sequence is written once.
public struct Estimate: Sendable, Hashable {
    public var value: Double
    /// Variance of the estimate itself, not of one subject.
    public var variance: Double
    public var subjects: Int

    public init(value: Double, variance: Double, subjects: Int) {
        precondition(variance >= 0, "a variance cannot be \(variance)")
        precondition(subjects > 0, "an estimate needs subjects, not \(subjects)")
        self.value = value
        self.variance = variance
        self.subjects = subjects
    }

    public var standardError: Double { variance.squareRoot() }
}
