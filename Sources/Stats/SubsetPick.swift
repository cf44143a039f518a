/// How likely each of `count` ranked candidates is the best of a random subset of them.
///
/// A request with many candidates tells what fewer would have done: every subset of `size` is as likely as any
/// other to have been all that was sampled, and its best is the candidate of rank r (0 is the best of all) in
/// C(count-1-r, size-1) of the C(count, size) subsets. That holds for candidates drawn alike and independently,
/// and for a pick by rank; cut or branched candidates are neither.
public struct SubsetPick: Sendable, Hashable {
    /// By rank; they sum to 1, and the worst `size` - 1 ranks have none.
    public let chances: [Double]

    public init(of count: Int, size: Int) {
        precondition(1 <= size && size <= count, "no subset of \(size) among \(count)")
        // By the ratio of neighbours: factors in 0...1, where binomial coefficients of 64 would not fit a Double.
        var chances = [Double(size) / Double(count)]
        for rank in 1..<max(1, count) {
            let left = count - rank
            chances.append(chances[rank - 1] * Double(max(0, left - size + 1)) / Double(left))
        }
        self.chances = chances
    }

    /// The expectation of what the picked candidate is worth, `values` being by rank.
    public func mean(of values: [Double]) -> Double {
        precondition(values.count == chances.count, "\(values.count) values for \(chances.count) ranks")
        return zip(chances, values).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
