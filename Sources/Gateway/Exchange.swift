internal import ModelExecutor
internal import Policy
internal import Store

/// One chat request that has been understood, given an arm and queued for the record.
///
/// Whoever holds one owes the record exactly one completion.
struct Exchange: Sendable {
    let id: RequestID
    let arrival: ContinuousClock.Instant
    let chat: ChatRequest
    let policy: SplitPolicy
    let assignment: Assignment
    /// The assignment on its way to disk; no byte of an answer may overtake it.
    let opening: PendingCommit

    /// What the model is asked for.
    ///
    /// Sampling that a mode fixes is part of what an arm tries out, so it wins over the client's.
    ///
    /// - Parameter base: the model's own sampling, with a seed for a client that gave none.
    func generationRequest(base: Sampling) -> GenerationRequest {
        let mode = assignment.served
        var sampling = base
        if let seed = chat.seed { sampling.seed = seed }
        if let temperature = mode.temperature ?? chat.temperature { sampling.temperature = temperature }
        if let topP = mode.topP ?? chat.topP { sampling.topP = topP }
        if let topK = mode.topK ?? chat.topK { sampling.topK = topK }
        if let penalty = mode.repetitionPenalty ?? chat.repetitionPenalty {
            sampling.repetitionPenalty = penalty
        }
        let most = policy.limits.maxTokens
        return GenerationRequest(
            messages: chat.messages,
            effort: Effort(k: mode.k, selection: Selection(mode.select)),
            sampling: sampling,
            maxTokens: min(chat.maxTokens ?? most, most),
            stop: chat.stop,
            deadline: arrival + policy.limits.deadline
        )
    }
}

extension Selection {
    init(_ rule: SelectionRule) {
        switch rule {
        case .bestScore: self = .bestScore
        case .weightedVote: self = .weightedVote
        case .majority: self = .majority
        case .likelihood: self = .likelihood
        case .first: self = .first
        }
    }
}

extension AssignmentRecord {
    init(_ assignment: Assignment, id: RequestID) {
        self.init(
            id: id,
            policy: assignment.policy,
            version: assignment.version,
            arm: assignment.arm.id,
            assigned: assignment.assigned.name,
            served: assignment.served.name,
            subject: assignment.subject.digest,
            excluded: assignment.excludedBecause
        )
    }
}
