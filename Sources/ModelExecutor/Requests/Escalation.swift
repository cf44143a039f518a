/// Adaptive effort: candidates in stages, until the pick is likely enough to be right.
///
/// After each stage the pick so far is judged. Under `best_score` its score becomes a probability through the head's
/// calibration; under a vote the probability is that the leading answer is the model's most frequent one (see
/// `Agreement`). Raw scores are never compared with a threshold: they mean another thing for every head.
public struct Escalation: Sendable, Hashable {
    /// As many as there are doublings up to the largest k.
    public static let mostStages = 7

    /// How many candidates have run by the end of each stage: rising, the last one being the effort's k.
    public var stages: [Int]
    /// The probability of being right at which no further stage is begun, above 0.5 and below 1.
    public var confidence: Double

    public init(stages: [Int], confidence: Double) {
        self.stages = stages
        self.confidence = confidence
    }

    func validate(k: Int) throws(ExecutorError) {
        guard (1...Self.mostStages).contains(stages.count), stages.last == k, stages.first ?? 0 >= 1,
            zip(stages, stages.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw .invalidRequest(
                "stages \(stages) do not rise from at least 1 to k, which is \(k), in at most \(Self.mostStages)"
            )
        }
        guard confidence > 0.5, confidence < 1 else {
            throw .invalidRequest("confidence is \(confidence); choose above 0.5 and below 1")
        }
    }
}
