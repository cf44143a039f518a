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
    /// Its siblings scored better at a rung of the pruning.
    case pruned
}

/// What ended the thinking before all candidates of the effort had run to their ends.
public enum StoppedBy: String, Sendable, Hashable, CaseIterable {
    /// The calibrated score of the pick was good enough.
    case confidence
    /// Enough candidates gave the same answer.
    case agreement
    case budget
    /// No time was left to start or to finish more.
    case deadline
}

/// Where a candidate left the trajectory of another: after that many of its steps.
public struct Branch: Sendable, Hashable {
    public var candidate: Int
    public var step: Int

    public init(candidate: Int, step: Int) {
        self.candidate = candidate
        self.step = step
    }
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
    /// The rung at which it was cut, in steps, or would have been in a request that audits its pruning.
    public var cutAtStep: Int?
    /// Nil for a candidate that began at the prompt.
    public var branch: Branch?
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
        cutAtStep: Int? = nil,
        branch: Branch? = nil,
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
        self.cutAtStep = cutAtStep
        self.branch = branch
        self.isComplete = isComplete
        self.thinking = thinking
        self.answer = answer
    }
}

/// What a request cost, over all its candidates.
public struct Compute: Sendable, Hashable {
    /// Tokens of the prompt, once however many candidates share them.
    public var promptTokens: Int
    /// Those of them that were taken from the cache of earlier prompts and not evaluated.
    public var cachedTokens: Int
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
        cachedTokens: Int = 0,
        candidateTokens: Int = 0,
        answerTokens: Int = 0,
        reasoningTokens: Int = 0,
        scoredSteps: Int = 0,
        cpu: Duration = .zero
    ) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
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
    /// Which effort ran: 0 for the one asked for, i for `fallbacks[i - 1]`.
    public var fallback: Int
    /// The probability that the answer is right, by the head's calibration or by agreement; nil where neither is known.
    public var confidence: Double?
    /// Nil when every candidate of the effort ran to its end.
    public var stoppedBy: StoppedBy?
    /// Those that were started, by their index; fewer than k when something stopped the thinking early.
    public var candidates: [CandidateRecord]
    public var thinking: String
    public var answer: String
    public var finishReason: FinishReason
    public var compute: Compute
    /// From submission until its first row was planned, and whatever it stood still later for others to go first.
    public var queued: Duration
    /// From submission until the first text of the answer; nil for an empty answer.
    public var firstToken: Duration?

    public init(
        winner: Int,
        score: Double?,
        fallback: Int = 0,
        confidence: Double? = nil,
        stoppedBy: StoppedBy? = nil,
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
        self.fallback = fallback
        self.confidence = confidence
        self.stoppedBy = stoppedBy
        self.candidates = candidates
        self.thinking = thinking
        self.answer = answer
        self.finishReason = finishReason
        self.compute = compute
        self.queued = queued
        self.firstToken = firstToken
    }
}
