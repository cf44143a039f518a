internal import ModelExecutor
internal import Policy
internal import Store
internal import Telemetry

/// How a chat request ended, before anyone has been told.
enum Ending: Sendable, Hashable {
    case finished(GenerationResult)
    case failed(GatewayError)
    /// The client went away first.
    case left
    /// The process is going down and cut the request off.
    case shutDown

    /// The error that a client who is still there is told of.
    var error: GatewayError? {
        switch self {
        case .finished, .left: nil
        case .failed(let error): error
        case .shutDown: .draining
        }
    }

    /// What the request cost, where its end tells.
    var compute: Compute? {
        switch self {
        case .finished(let result): result.compute
        case .failed(.executor(.deadlineExceeded(let compute))), .failed(.executor(.cancelled(let compute))),
            .failed(.executor(.displaced(let compute))):
            compute
        case .failed, .left, .shutDown: nil
        }
    }
}

/// What is known of a request while it runs, so that one that is cut short still tells of it.
struct Progress: Sendable, Hashable {
    private(set) var promptTokens = 0
    private(set) var cachedTokens = 0
    /// Which effort runs: 0 for the one asked for, i for `fallbacks[i - 1]`; 0 also before any does.
    private(set) var fallback = 0
    /// From arrival to the first piece of the answer.
    private(set) var firstToken: Duration?

    mutating func note(_ event: GenerationEvent, after elapsed: @autoclosure () -> Duration) {
        switch event {
        case .prefilled(let prefilled):
            promptTokens = prefilled.promptTokens
            cachedTokens = prefilled.cachedTokens
            fallback = prefilled.fallback
        case .answer: if firstToken == nil { firstToken = elapsed() }
        case .candidateFinished, .selected, .finished: break
        }
    }
}

extension CompletionRecord {
    /// - Parameter served: the mode that ran, where it is another one than the assignment's.
    init(
        id: RequestID,
        _ ending: Ending,
        _ progress: Progress,
        spent: Compute,
        latency: Duration,
        served: ModeName? = nil
    ) {
        let (state, cause) = Self.terminalState(of: ending)
        self.init(
            id: id,
            state: state,
            cause: cause,
            latency: latency,
            firstToken: progress.firstToken,
            served: served
        )
        compute = RecordedCompute(spent)
        // A backend that lost the request can't say what it had spent; its prompt is known all the same.
        compute.promptTokens = max(compute.promptTokens, progress.promptTokens)
        compute.cachedTokens = max(compute.cachedTokens, progress.cachedTokens)
        guard case .finished(let result) = ending else { return }
        queued = result.queued
        winner = result.winner
        candidates = result.candidates.map { RecordedCandidate($0, conclusion: result.conclusion(of: $0)) }
        stoppedBy = result.stoppedBy.map { RecordedStop($0) }
        confidence = result.confidence
    }

    /// The one terminal state of each ending, and why it is not `completed`.
    static func terminalState(of ending: Ending) -> (TerminalState, EndCause?) {
        switch ending {
        case .finished: (.completed, nil)
        case .left: (.clientGone, nil)
        case .shutDown: (.failed, .shutdown)
        case .failed(.executor(let error)): terminalState(of: error)
        case .failed(.store): (.failed, .store)
        case .failed(.backend): (.failed, .model)
        case .failed: (.failed, .other)
        }
    }

    private static func terminalState(of error: ExecutorError) -> (TerminalState, EndCause?) {
        switch error {
        case .deadlineExceeded: (.deadline, nil)
        case .queueFull, .waitedTooLong, .displaced: (.rejected, .overload)
        case .promptTooLong: (.rejected, .promptTooLong)
        case .invalidRequest: (.rejected, .other)
        case .cancelled: (.failed, .shutdown)
        case .needsHead, .needsSteps, .needsCalibration, .modelFailed, .unusableHead: (.failed, .model)
        }
    }
}

extension ArmMetrics {
    /// Counts what the effort of one request came to.
    func count(effortOf completion: CompletionRecord) {
        spent(completion.compute.cachedTokens, .cached)
        prunedCandidates.add(completion.candidates.count { $0.end == .pruned })
        if let stop = completion.stoppedBy { stoppedEarly(StopReason(stop)) }
    }
}

extension StopReason {
    init(_ stop: RecordedStop) {
        switch stop {
        case .confidence: self = .confidence
        case .agreement: self = .agreement
        case .budget: self = .budget
        case .deadline: self = .deadline
        }
    }
}

extension RecordedStop {
    init(_ stop: StoppedBy) {
        switch stop {
        case .confidence: self = .confidence
        case .agreement: self = .agreement
        case .budget: self = .budget
        case .deadline: self = .deadline
        }
    }
}

extension RecordedCompute {
    init(_ compute: Compute) {
        self.init(
            promptTokens: compute.promptTokens,
            cachedTokens: compute.cachedTokens,
            candidateTokens: compute.candidateTokens,
            answerTokens: compute.answerTokens,
            reasoningTokens: compute.reasoningTokens,
            scoredSteps: compute.scoredSteps,
            cpu: compute.cpu
        )
    }
}

extension GenerationResult {
    /// What tells whether two candidates came to the same: the answers where all gave one, else the last step of the
    /// thinking, since a candidate that is not picked never writes its answer.
    func conclusion(of candidate: CandidateRecord) -> AnswerKey? {
        let allAnswered = candidates.allSatisfy { $0.answer != nil || !$0.isComplete }
        if allAnswered { return candidate.answer.flatMap { AnswerKey($0) } }
        let end = candidate.thinking.split(separator: "\n\n").last
        return candidate.isComplete ? end.flatMap { AnswerKey(String($0)) } : nil
    }
}

extension RecordedCandidate {
    init(_ candidate: CandidateRecord, conclusion: AnswerKey?) {
        let end: End =
            switch candidate.end {
            case .closed: .closed
            case .length: .length
            case .stop: .stop
            case .cancelled: .cancelled
            case .pruned: .pruned
            }
        self.init(
            score: candidate.score,
            stepScores: candidate.stepScores,
            thinkingTokens: candidate.thinkingTokens,
            answerTokens: candidate.answerTokens,
            logProbability: candidate.logProbability,
            answerDigest: conclusion.map { Self.digest(of: $0.text) },
            end: end,
            cutAtStep: candidate.cutAtStep,
            isBranch: candidate.branch != nil
        )
    }

    /// FNV-1a, 32 bits: it only has to tell the answers of one request apart.
    static func digest(of answer: String) -> UInt32 {
        answer.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
