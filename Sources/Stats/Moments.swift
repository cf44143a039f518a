/// Count, sum and sum of squares of one value per subject: what a mean and its variance need.
public struct Moments: Sendable, Hashable {
    public private(set) var count: Int
    public private(set) var sum: Double
    public private(set) var sumOfSquares: Double

    public init(count: Int = 0, sum: Double = 0, sumOfSquares: Double = 0) {
        precondition(count >= 0 && sumOfSquares >= 0, "\(count) values cannot have squares \(sumOfSquares)")
        self.count = count
        self.sum = sum
        self.sumOfSquares = sumOfSquares
    }

    public mutating func add(_ value: Double) {
        count += 1
        sum += value
        sumOfSquares += value * value
    }

    /// The mean with variance s²/n, s² = (Σx² − (Σx)²/n)/(n−1); nil below two subjects.
    public var estimate: Estimate? {
        guard count > 1 else { return nil }
        let n = Double(count)
        let spread = max(0, (sumOfSquares - sum * sum / n) / (n - 1))
        return Estimate(value: sum / n, variance: spread / n, subjects: count)
    }
}
