internal import Policy
internal import Store
internal import Telemetry

extension HeadgateMetrics {
    /// Counts one request that had an arm, by what the record says of it.
    func count(_ completion: CompletionRecord, _ assignment: Assignment) {
        guard let arm = arm(policy: assignment.policy.rawValue, arm: assignment.arm.id.rawValue) else {
            return
        }
        arm.ended(RequestState(completion.state))
        arm.latency.observe(completion.latency)
        if let firstToken = completion.firstToken { arm.firstToken.observe(firstToken) }
        if completion.state == .completed { arm.queued.observe(completion.queued) }
        if completion.served != nil { arm.degraded.add() }
        arm.count(effortOf: completion)
        arm.candidates.add(completion.candidates.count)
        arm.scoredSteps.add(completion.compute.scoredSteps)
        arm.cpu.add(completion.compute.cpu)
        arm.spent(completion.compute.promptTokens, .prompt)
        arm.spent(completion.compute.candidateTokens, .candidate)
        arm.spent(completion.compute.answerTokens, .answer)
    }
}

extension RequestState {
    init(_ state: TerminalState) {
        switch state {
        case .completed: self = .completed
        case .clientGone: self = .clientGone
        case .deadline: self = .deadline
        case .rejected: self = .rejected
        case .failed: self = .failed
        }
    }
}

extension OutcomeResult {
    init(_ receipt: OutcomeReceipt) {
        switch receipt {
        case .accepted: self = .accepted
        case .duplicate: self = .duplicate
        case .conflict: self = .conflict
        case .unknownRequest: self = .unknownRequest
        case .unknownMetric: self = .unknownMetric
        case .invalidValue: self = .invalidValue
        case .tooMany: self = .tooMany
        }
    }
}
