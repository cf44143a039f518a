internal import ModelExecutor

/// A model that never says it is done, so that every candidate of a benchmark is equally long.
///
/// Its vocabulary has no end and no thinking tokens; steps are still found and scored.
struct UnendingModel<Model: TokenModel>: TokenModel {
    private var model: Model
    let vocabulary: Vocabulary

    init(_ model: Model) {
        self.model = model
        vocabulary = Vocabulary(
            size: model.vocabulary.size,
            endOfGeneration: [],
            step: model.vocabulary.step
        )
    }

    var limits: ModelLimits { model.limits }
    var head: ScoreHead? { model.head }

    var promptEncoder: PromptEncoder { model.promptEncoder }

    func bytes(of token: Token) -> [UInt8] { model.bytes(of: token) }

    mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration { try model.decode(rows) }

    func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withLogits(row: row, body)
    }

    func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withResidual(row: row, body)
    }

    mutating func copySequence(_ source: Int, to target: Int) { model.copySequence(source, to: target) }

    mutating func truncateSequence(_ sequence: Int, to length: Int) {
        model.truncateSequence(sequence, to: length)
    }

    mutating func clearSequence(_ sequence: Int) { model.clearSequence(sequence) }
}
