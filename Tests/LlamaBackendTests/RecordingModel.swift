import ModelExecutor

/// A model that remembers which tokens each sequence held when it was cleared.
struct RecordingModel<Model: TokenModel>: TokenModel {
    private var model: Model
    private var histories: [Int: [Token]] = [:]
    /// Everything that was ever evaluated together as one sequence.
    private(set) var finished: [[Token]] = []

    init(_ model: Model) { self.model = model }

    var vocabulary: Vocabulary { model.vocabulary }
    var limits: ModelLimits { model.limits }
    var head: ScoreHead? { model.head }

    var promptEncoder: PromptEncoder { model.promptEncoder }

    func bytes(of token: Token) -> [UInt8] { model.bytes(of: token) }

    mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration {
        for row in rows { histories[row.sequence, default: []].append(row.token) }
        return try model.decode(rows)
    }

    func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withLogits(row: row, body)
    }

    func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withResidual(row: row, body)
    }

    mutating func copySequence(_ source: Int, to target: Int) {
        histories[target] = histories[source]
        model.copySequence(source, to: target)
    }

    mutating func truncateSequence(_ sequence: Int, to length: Int) {
        histories[sequence]?.removeSubrange(length...)
        model.truncateSequence(sequence, to: length)
    }

    mutating func clearSequence(_ sequence: Int) {
        if let history = histories.removeValue(forKey: sequence) { finished.append(history) }
        model.clearSequence(sequence)
    }
}
