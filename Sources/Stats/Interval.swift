/// A closed interval of the real line whose ends may be infinite.
///
/// An infinite end says that the data bound the quantity on the other side only, or not at all. It is never
/// replaced by an observed extreme: "not enough data" is an answer.
public struct Interval: Sendable, Hashable {
    public var lower: Double
    public var upper: Double

    public init(lower: Double, upper: Double) {
        precondition(
            lower <= upper,
            "an interval's lower end \(lower) must not exceed its upper end \(upper)"
        )
        self.lower = lower
        self.upper = upper
    }

    /// The interval that excludes nothing: what is known before the minimum counts are met.
    public static let unbounded = Interval(lower: -.infinity, upper: .infinity)

    public var isBounded: Bool { lower.isFinite && upper.isFinite }

    public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }

    /// Every value shifted by the same amount.
    public func shifted(by amount: Double) -> Interval {
        Interval(lower: lower + amount, upper: upper + amount)
    }
}
