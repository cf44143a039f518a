/// What a score is worth: the share of right answers among picks that scored so, as a rising curve.
///
/// Fitted by isotonic regression on picks whose answers were checked. Between two points it is linear, outside them
/// constant. It belongs to one head and one model: a score of 0.1 may be near certain under one head and hopeless
/// under another.
public struct Calibration: Sendable, Hashable {
    /// The most points of a curve; isotonic fits of a few thousand picks have some dozens.
    public static let mostPoints = 4096

    /// Strictly rising, in 0...1.
    public let scores: [Double]
    /// Never falling, in 0...1; as many as `scores`.
    public let probabilities: [Double]

    /// Nil for points that are no such curve.
    public init?(scores: [Double], probabilities: [Double]) {
        let isCurve =
            !scores.isEmpty && scores.count == probabilities.count && scores.count <= Self.mostPoints
            && (scores + probabilities).allSatisfy { (0...1).contains($0) }
            && zip(scores, scores.dropFirst()).allSatisfy { $0 < $1 }
            && zip(probabilities, probabilities.dropFirst()).allSatisfy { $0 <= $1 }
        guard isCurve else { return nil }
        self.scores = scores
        self.probabilities = probabilities
    }

    /// The probability that a pick with this score is right.
    public func probability(of score: Double) -> Double {
        guard let upper = scores.firstIndex(where: { $0 >= score }) else {
            return probabilities[scores.count - 1]
        }
        guard upper > 0, score < scores[upper] else { return probabilities[upper] }
        let part = (score - scores[upper - 1]) / (scores[upper] - scores[upper - 1])
        return probabilities[upper - 1] + part * (probabilities[upper] - probabilities[upper - 1])
    }
}
