internal import ModelExecutor

/// Scores finished traces as the reference does: a forward pass over the prompt and all of a trace, then the head.
///
/// Each trace is evaluated alone. Its rows are many enough to fill the machine's vector units, and traces beside
/// each other would only be cut into pieces of equal length.
struct TraceScorer {
    private var model: LlamaModel
    private let head: ScoreHead

    init(_ model: LlamaModel) throws(LlamaError) {
        guard let head = model.head else { throw .benchmarkFailed("there is no head to score with") }
        self.model = model
        self.head = head
    }

    /// The step scores of a trace, the tokens of its prompt and those that were sampled.
    mutating func scores(of tokens: [Token], prompt: Int) throws(ExecutorError) -> [Double] {
        let scored = positions(in: tokens, prompt: prompt)
        var scores: [Double] = []
        for start in stride(from: 0, to: tokens.count, by: model.limits.rowsPerBatch) {
            let end = min(tokens.count, start + model.limits.rowsPerBatch)
            let rows = (start..<end).map {
                Row(token: tokens[$0], position: $0, sequence: 0, wantsOutput: scored.contains($0))
            }
            _ = try model.decode(rows)
            for position in scored.sorted() where (start..<end).contains(position) {
                scores.append(model.withResidual(row: position - start) { Double(head.score($0)) })
            }
        }
        model.clearSequence(0)
        return scores
    }

    private func positions(in tokens: [Token], prompt: Int) -> Set<Int> {
        var finder = StepFinder(vocabulary: model.vocabulary)
        var positions: Set<Int> = []
        for (index, token) in tokens.enumerated() where finder.observe(token) && index >= prompt {
            positions.insert(index - 1)
        }
        return positions
    }
}
