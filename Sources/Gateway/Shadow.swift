internal import ModelExecutor
internal import Policy
internal import Store

/// A completed request that is to run once more, in another mode, for nobody but the record.
struct Shadow: Sendable {
    let id: RequestID
    let policy: PolicyID
    let mode: ModeName
    /// Without a deadline, which begins when it does.
    let request: GenerationRequest
    /// What the client's answer came to; nil if it said nothing to compare.
    let answer: AnswerKey?
    let queued: ContinuousClock.Instant

    /// Nil where the policy wants none of this request, or it would do again what was done.
    ///
    /// A degraded request has none: it was not served as its arm is, and there was no room to spare. What chance there
    /// is in it is drawn anew, unless the client gave a seed: then it runs as it would have for that client.
    init?(of exchange: Exchange, _ result: GenerationResult, base: Sampling, now: ContinuousClock.Instant) {
        let assignment = exchange.assignment
        guard result.fallback == 0,
            let mode = exchange.policy.shadowMode(of: assignment, requestID: exchange.id.description)
        else { return nil }
        var request = exchange.generationRequest(mode, base: base)
        let live = exchange.generationRequest(assignment.served, base: base)
        if request.effort == live.effort, request.sampling == live.sampling { return nil }
        request.tier = .background
        id = exchange.id
        policy = assignment.policy
        self.mode = mode.name
        self.request = request
        answer = AnswerKey(result.answer)
        queued = now
    }

    /// Whether the answers came to the same, compared as candidates' answers are where they vote.
    func agrees(with result: GenerationResult) -> Bool? {
        guard let answer, let other = AnswerKey(result.answer) else { return nil }
        return answer == other
    }
}
