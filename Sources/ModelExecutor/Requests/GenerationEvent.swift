/// What a request tells while it runs, in this order.
///
/// `prefilled`, then `candidateFinished` once per candidate that ends by itself, `selected`, `answer` any number of times, and
/// `finished` last. A single candidate that answers without thinking streams directly: its `selected` comes right
/// after `prefilled`, and it has no `candidateFinished` (unless it is over before it says anything).
public enum GenerationEvent: Sendable, Hashable {
    /// The prompt is in the model; the candidates start.
    case prefilled(Prefilled)
    /// One more candidate has closed its thinking, or its whole completion where answers are compared.
    case candidateFinished(finished: Int, of: Int)
    /// The answer will be, or is, that of this candidate.
    case selected(Selected)
    /// The next piece of the answer; never splits a Unicode scalar, never holds a part of a stop string.
    case answer(String)
    case finished(GenerationResult)
}

/// How a request began to run.
public struct Prefilled: Sendable, Hashable {
    public var promptTokens: Int
    /// Those of them that an earlier request's prompt had in common, and that were not evaluated again.
    public var cachedTokens: Int
    /// Which effort runs: 0 for the one asked for, i for `fallbacks[i - 1]`.
    public var fallback: Int

    public init(promptTokens: Int, cachedTokens: Int = 0, fallback: Int = 0) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.fallback = fallback
    }
}

/// The candidate that was picked.
public struct Selected: Sendable, Hashable {
    public var winner: Int
    /// Geometric mean of the winner's step scores; nil when the model has no head.
    public var score: Double?
    /// The winner's thinking, without its tags.
    public var thinking: String

    public init(winner: Int, score: Double?, thinking: String) {
        self.winner = winner
        self.score = score
        self.thinking = thinking
    }
}
