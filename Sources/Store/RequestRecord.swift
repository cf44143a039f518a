public import Policy

/// What is written before a request's generation starts.
public struct AssignmentRecord: Sendable, Hashable {
    public var id: RequestID
    public var policy: PolicyID
    public var version: PolicyVersion
    public var arm: ArmID
    /// The mode of the arm.
    public var assigned: ModeName
    /// The mode that admission let through; another one than `assigned` if load degraded it.
    public var served: ModeName
    /// The unit of randomisation; the name itself never comes here.
    public var subject: SubjectDigest
    public var excluded: Exclusion?
    /// Nil for a request that its client doesn't mean to send again.
    public var attempt: RecordedAttempt?

    public init(
        id: RequestID,
        policy: PolicyID,
        version: PolicyVersion,
        arm: ArmID,
        assigned: ModeName,
        served: ModeName,
        subject: SubjectDigest,
        excluded: Exclusion? = nil,
        attempt: RecordedAttempt? = nil
    ) {
        self.id = id
        self.policy = policy
        self.version = version
        self.arm = arm
        self.assigned = assigned
        self.served = served
        self.subject = subject
        self.excluded = excluded
        self.attempt = attempt
    }
}

/// That a request has an idempotency key, and which request had it first.
public struct RecordedAttempt: Sendable, Hashable {
    /// What tells the attempts at one thing from those at others; see `AttemptKey` in Gateway.
    public var key: Int64
    /// Nil for the first.
    public var first: RequestID?

    public init(key: Int64, first: RequestID? = nil) {
        self.key = key
        self.first = first
    }
}

/// How a request ended; every request ends in exactly one of these.
public enum TerminalState: String, Sendable, Hashable, CaseIterable {
    case completed
    case clientGone = "client_gone"
    case deadline
    case rejected
    case failed
}

/// Why a request didn't complete, from a closed list.
public enum EndCause: String, Sendable, Hashable, CaseIterable {
    /// The process went down while the request was open; written at the next start.
    case crash
    case model
    case store
    case overload
    case promptTooLong = "prompt_too_long"
    case shutdown
    case other
}

/// What ended a request's thinking before all candidates of its mode had run to their ends.
public enum RecordedStop: String, Sendable, Hashable, CaseIterable {
    case confidence, agreement, budget, deadline
}

/// What is written before the last byte of an answer leaves.
public struct CompletionRecord: Sendable, Hashable {
    public var id: RequestID
    public var state: TerminalState
    public var cause: EndCause?
    /// From the request's arrival to its end.
    public var latency: Duration
    /// From the request's arrival to the first byte of the answer; nil if none left.
    public var firstToken: Duration?
    /// The part of `latency` spent waiting for a place.
    public var queued: Duration
    public var compute: RecordedCompute
    /// The index of the candidate whose answer was returned.
    public var winner: Int?
    public var candidates: [RecordedCandidate]
    /// The mode that the executor ran, where load or deadline made it another one than the assignment said;
    /// nil when it is that one. Never read back: `StoredRequest.served` tells.
    public var served: ModeName?
    /// Nil when every candidate of the mode ran to its end.
    public var stoppedBy: RecordedStop?
    /// The probability that the answer is right, as far as the executor could tell.
    public var confidence: Double?
    /// Why the request waits for a person's label; nil if it doesn't.
    public var review: ReviewReason?
    /// The words of the request, where its policy keeps them.
    public var captured: CapturedText?

    public init(
        id: RequestID,
        state: TerminalState,
        cause: EndCause? = nil,
        latency: Duration,
        firstToken: Duration? = nil,
        queued: Duration = .zero,
        compute: RecordedCompute = RecordedCompute(),
        winner: Int? = nil,
        candidates: [RecordedCandidate] = [],
        served: ModeName? = nil,
        stoppedBy: RecordedStop? = nil,
        confidence: Double? = nil
    ) {
        self.id = id
        self.state = state
        self.cause = cause
        self.latency = latency
        self.firstToken = firstToken
        self.queued = queued
        self.compute = compute
        self.winner = winner
        self.candidates = candidates
        self.served = served
        self.stoppedBy = stoppedBy
        self.confidence = confidence
    }
}

extension CompletionRecord {
    /// How the request ended when this couldn't be written: its answer was not given, and its client was told that it
    /// failed. What it took stays true.
    var failedToWrite: CompletionRecord {
        var completion = self
        completion.state = .failed
        completion.cause = .store
        completion.winner = nil
        completion.review = nil
        completion.captured = nil
        return completion
    }
}

/// What a request cost.
public struct RecordedCompute: Sendable, Hashable {
    public var promptTokens: Int
    /// Those of them that the cache of earlier prompts had; 0 in a record of before there was one.
    public var cachedTokens: Int
    /// Thinking and answer tokens summed over all candidates.
    public var candidateTokens: Int
    /// Tokens of the answer that was returned.
    public var answerTokens: Int
    /// Tokens of the winner's thinking.
    public var reasoningTokens: Int
    public var scoredSteps: Int
    public var cpu: Duration

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

/// One sampled trajectory of a request, in the order in which the executor numbered them.
public struct RecordedCandidate: Sendable, Hashable {
    public enum End: String, Sendable, Hashable, CaseIterable { case closed, length, stop, cancelled, pruned }

    /// The geometric mean of the step scores; nil without a score head.
    public var score: Double?
    public var stepScores: [Double]
    public var thinkingTokens: Int
    public var answerTokens: Int
    /// The sum of the log-probabilities of the sampled tokens.
    public var logProbability: Double
    /// Equal for equal answers of one request; nil if this candidate wasn't asked for its answer.
    public var answerDigest: UInt32?
    public var end: End
    /// The rung of the pruning at which it was cut or, if its end says otherwise, would have been in a request that
    /// audits its pruning.
    public var cutAtStep: Int?
    /// Whether it began within another candidate's trajectory and not at the prompt.
    public var isBranch: Bool

    public init(
        score: Double? = nil,
        stepScores: [Double] = [],
        thinkingTokens: Int = 0,
        answerTokens: Int = 0,
        logProbability: Double = 0,
        answerDigest: UInt32? = nil,
        end: End = .closed,
        cutAtStep: Int? = nil,
        isBranch: Bool = false
    ) {
        self.score = score
        self.stepScores = stepScores
        self.thinkingTokens = thinkingTokens
        self.answerTokens = answerTokens
        self.logProbability = logProbability
        self.answerDigest = answerDigest
        self.end = end
        self.cutAtStep = cutAtStep
        self.isBranch = isBranch
    }
}
