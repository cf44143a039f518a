/// Why a candidate stopped.
public enum CandidateEnd: String, Sendable, Hashable, CaseIterable {
    /// It closed its thinking and was not asked to answer.
    case closed
    /// It ran into max tokens or the end of its context.
    case length
    /// It said that it was done, or gave a stop string.
    case stop
    /// Its request was cancelled or had its answer already.
    case cancelled
}

/// Why the answer ended, in the words of the chat completion interface.
public enum FinishReason: String, Sendable, Hashable, CaseIterable {
    case stop, length
}

/// What became of one candidate.
public struct CandidateRecord: Sendable, Hashable {
    public var index: Int
    /// Geometric mean of `stepScores`, 0 without a step; nil when the model has no head.
    public var score: Double?
    public var stepScores: [Double]
    /// Tokens sampled up to and including the one that closed the thinking.
    public var thinkingTokens: Int
    /// Tokens sampled after it, the end-of-generation token left out.
    public var answerTokens: Int
    /// Sum over the sampled tokens of their log-probability under the model itself: temperature 1, no filter.
    public var logProbability: Double
    public var end: CandidateEnd
    /// Whether the thinking was closed, or there was none to close; a truncated trace ranks after these.
    public var isComplete: Bool
    public var thinking: String
    /// Nil when only the winner answered and this is not the winner.
    public var answer: String?

    public init(
        index: Int,
        score: Double?,
        stepScores: [Double],
        thinkingTokens: Int,
        answerTokens: Int,
        logProbability: Double,
        end: CandidateEnd,
        isComplete: Bool,
        thinking: String,
        answer: String?
    ) {
        self.index = index
        self.score = score
        self.stepScores = stepScores
        self.thinkingTokens = thinkingTokens
        self.answerTokens = answerTokens
        self.logProbability = logProbability
        self.end = end
        self.isComplete = isComplete
        self.thinking = thinking
        self.answer = answer
    }
}

/// What a request cost, over all its candidates.
public struct Compute: Sendable, Hashable {
    /// Prompt tokens evaluated, once however many candidates share them.
    public var promptTokens: Int
    /// Thinking and answer tokens of all candidates.
    public var candidateTokens: Int
    /// Tokens of the answer that was returned.
    public var answerTokens: Int
    /// Tokens of the returned candidate's thinking.
    public var reasoningTokens: Int
    /// Step scores computed, over all candidates.
    public var scoredSteps: Int
    /// The request's share, by rows, of the CPU time of the batches it was in.
    public var cpu: Duration

    public static let zero = Compute()

    public init(
        promptTokens: Int = 0,
        candidateTokens: Int = 0,
        answerTokens: Int = 0,
        reasoningTokens: Int = 0,
        scoredSteps: Int = 0,
        cpu: Duration = .zero
    ) {
        self.promptTokens = promptTokens
        self.candidateTokens = candidateTokens
        self.answerTokens = answerTokens
        self.reasoningTokens = reasoningTokens
        self.scoredSteps = scoredSteps
        self.cpu = cpu
    }
}

/// How a request ended well.
public struct GenerationResult: Sendable, Hashable {
    public var winner: Int
    public var score: Double?
    public var candidates: [CandidateRecord]
    public var thinking: String
    public var answer: String
    public var finishReason: FinishReason
    public var compute: Compute
    /// From submission until its first row was planned.
    public var queued: Duration
    /// From submission until the first text of the answer; nil for an empty answer.
    public var firstToken: Duration?

    public init(
        winner: Int,
        score: Double?,
        candidates: [CandidateRecord],
        thinking: String,
        answer: String,
        finishReason: FinishReason,
        compute: Compute,
        queued: Duration,
        firstToken: Duration?
    ) {
        self.winner = winner
        self.score = score
        self.candidates = candidates
        self.thinking = thinking
        self.answer = answer
        self.finishReason = finishReason
        self.compute = compute
        self.queued = queued
        self.firstToken = firstToken
    }
}
