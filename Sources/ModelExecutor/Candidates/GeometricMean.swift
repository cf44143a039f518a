/// The score of a trace: the geometric mean of its step scores, built up step by step.
///
/// Geometric rather than arithmetic or last step, because it measured best; rather than the product, because
/// that punishes long traces.
public struct GeometricMean: Sendable, Hashable {
    /// Step scores below this count as this, so that one impossible step does not erase all others.
    public static let floor = 1e-10

    public private(set) var count = 0
    private var sumOfLogarithms = 0.0

    public init() {}

    public mutating func add(_ score: Double) {
        count += 1
        sumOfLogarithms += VectorMath.logarithm(max(score, Self.floor))
    }

    /// The mean so far; 0 without a step, so that a trace that shows no work ranks last.
    public var value: Double {
        count == 0 ? 0 : VectorMath.exponential(sumOfLogarithms / Double(count))
    }
}
