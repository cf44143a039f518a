internal import ModelExecutor

/// A model that remembers which tokens its candidates were made of, for a second pass over them.
///
/// A result holds text, and the tokens of a text are not always those that were sampled. The token that a candidate
/// ends with is never evaluated, so it is in no log; it ends no step that could be scored.
struct TokenLog<Model: TokenModel>: TokenModel {
    private var model: Model
    private var cached: [[Token]]
    /// Sequences that were copied since the last batch: their clearing is a move and no end.
    private var copied: Set<Int> = []
    private let traces: Traces

    init(_ model: Model, traces: Traces) {
        self.model = model
        self.traces = traces
        cached = Array(repeating: [], count: model.limits.sequences + model.limits.prefixSequences)
    }

    var vocabulary: Vocabulary { model.vocabulary }
    var limits: ModelLimits { model.limits }
    var head: ScoreHead? { model.head }
    var promptEncoder: PromptEncoder { model.promptEncoder }

    func bytes(of token: Token) -> [UInt8] { model.bytes(of: token) }

    mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration {
        for row in rows { cached[row.sequence].append(row.token) }
        copied = []
        return try model.decode(rows)
    }

    func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withLogits(row: row, body)
    }

    func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        model.withResidual(row: row, body)
    }

    mutating func copySequence(_ source: Int, to target: Int) {
        cached[target] = cached[source]
        copied.insert(source)
        model.copySequence(source, to: target)
    }

    mutating func truncateSequence(_ sequence: Int, to length: Int) {
        cached[sequence].removeLast(max(0, cached[sequence].count - length))
        model.truncateSequence(sequence, to: length)
    }

    mutating func clearSequence(_ sequence: Int) {
        if !copied.contains(sequence) { traces.ended.append(cached[sequence]) }
        cached[sequence] = []
        model.clearSequence(sequence)
    }
}

/// Where a `TokenLog` leaves what it saw: the executor owns its model, so this is outside of it.
final class Traces {
    fileprivate(set) var ended: [[Token]] = []

    /// The sequences that were cleared since the last call and are longer than their prompt, which they begin with.
    func take(longerThan prompt: Int) -> [[Token]] {
        defer { ended = [] }
        return ended.filter { $0.count > prompt }
    }
}
