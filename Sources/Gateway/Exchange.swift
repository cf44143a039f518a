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
    /// For a request with an idempotency key, the first one with that key: this one, or one before.
    let firstAttempt: StoredAttempt?
    /// The assignment on its way to disk; no byte of an answer may overtake it.
    let opening: PendingCommit

    /// What the model is asked for.
    ///
    /// Sampling that a mode fixes is part of what an arm tries out, so it wins over the client's.
    ///
    /// - Parameter base: the model's own sampling, with a seed for a client that gave none.
    func generationRequest(base: Sampling) -> GenerationRequest {
        let mode = assignment.served
        var request = generationRequest(mode, base: base, isAudit: isAudited(mode))
        request.deadline = arrival + policy.limits.deadline
        request.fallbacks = fallbacks.map { Effort($0) }
        request.patience = policy.limits.queue
        request.tier = tier
        return request
    }

    /// What the model would be asked for in that mode, however long it takes.
    func generationRequest(_ mode: Mode, base: Sampling, isAudit: Bool = false) -> GenerationRequest {
        var sampling = base
        if let seed = chat.seed { sampling.seed = seed }
        if let temperature = mode.temperature ?? chat.temperature { sampling.temperature = temperature }
        if let topP = mode.topP ?? chat.topP { sampling.topP = topP }
        if let topK = mode.topK ?? chat.topK { sampling.topK = topK }
        if let penalty = mode.repetitionPenalty ?? chat.repetitionPenalty {
            sampling.repetitionPenalty = penalty
        }
        let most = policy.limits.maxTokens
        let effort = Effort(mode, isAudit: isAudit)
        return GenerationRequest(
            messages: chat.messages,
            // Without chance all candidates are alike, and one is worth as much as any number.
            effort: sampling.temperature == 0 ? Effort(k: 1, selection: effort.selection) : effort,
            sampling: sampling,
            maxTokens: min(chat.maxTokens ?? most, most),
            stop: chat.stop
        )
    }

    /// The policy's tier, or a lower one that the client asks for.
    var tier: Tier { min(Tier(policy.limits.tier), chat.tier ?? .priority) }

    /// What may be served in place of the assigned mode, the largest first.
    private var fallbacks: [Mode] {
        switch policy.limits.onOverload {
        case .reject: []
        case .degrade: assignment.served.fallbacks
        }
    }

    /// The mode that ran: the assigned one, or the fallback with this number, from 1.
    func served(fallback: Int) -> Mode {
        fallback == 0 ? assignment.served : fallbacks[fallback - 1]
    }

    /// Whether the request is one of those that run in full to tell what pruning would have lost: by a hash of its id,
    /// so that it can be told afterwards too.
    private func isAudited(_ mode: Mode) -> Bool {
        guard let prune = mode.prune else { return false }
        return Self.draw(id) % 10_000 < UInt64(prune.audit.basisPoints)
    }

    /// FNV-1a over the id; it only has to be spread evenly.
    static func draw(_ id: RequestID) -> UInt64 {
        let hash = id.description.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
            ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
        }
        return hash >> 16
    }
}

extension AssignmentRecord {
    init(_ assignment: Assignment, id: RequestID, _ attempt: RecordedAttempt?) {
        self.init(
            id: id,
            policy: assignment.policy,
            version: assignment.version,
            arm: assignment.arm.id,
            assigned: assignment.assigned.name,
            served: assignment.served.name,
            subject: assignment.subject.digest,
            excluded: assignment.excludedBecause,
            attempt: attempt
        )
    }
}
