import Policy
import Store

extension ArmSummary {
    /// `controlTokens` is control's mean of candidate tokens per request.
    init(_ arm: Arm, _ observed: ArmObservations?, _ effort: ArmEffort?, controlTokens: Double?) {
        let observed =
            observed
            ?? ArmObservations(policy: "", version: "", arm: arm.id, basisPoints: arm.share.basisPoints)
        let outcomes = OutcomeFigures(observed.subjects)
        let requests = observed.requests
        let tokens = observed.subjects.reduce(0) { $0 + $1.candidateTokens }
        let cpu = observed.subjects.reduce(0) { $0 + $1.cpuSeconds }
        let meanTokens = observed.meanCandidateTokens
        var states = Dictionary(
            uniqueKeysWithValues: TerminalState.allCases.map { ($0.rawValue, observed.ended[$0] ?? 0) }
        )
        states["open"] = observed.open
        var ratio: Double?
        if let meanTokens, let controlTokens, controlTokens > 0 { ratio = meanTokens / controlTokens }
        self.init(
            arm: arm.id.rawValue,
            control: arm.isControl,
            mode: arm.mode.name.rawValue,
            k: arm.mode.k,
            share: arm.share.fraction,
            subjects: observed.subjects.count,
            requests: requests,
            successRate: outcomes.rate,
            outcomes: OutcomeCounts(
                requests: outcomes.requests,
                subjects: outcomes.subjects,
                successes: outcomes.successes
            ),
            latencyP50Ms: observed.latencies.quantile(0.5),
            latencyP95Ms: observed.latencies.quantile(0.95),
            latencyP99Ms: observed.latencies.quantile(0.99),
            firstTokenP50Ms: observed.firstTokens.quantile(0.5),
            firstTokenP95Ms: observed.firstTokens.quantile(0.95),
            candidateTokens: meanTokens,
            candidateTokensTotal: tokens,
            computeRatio: ratio,
            cpuSeconds: requests == 0 ? nil : cpu / Double(requests),
            cpuSecondsTotal: cpu,
            states: states,
            degraded: observed.degraded,
            excluded: observed.excluded,
            effort: EffortSummary(arm, effort ?? ArmEffort())
        )
    }
}

extension ArmObservations {
    /// Candidate tokens per request, open ones included; nil without requests.
    var meanCandidateTokens: Double? {
        requests == 0 ? nil : subjects.reduce(0) { $0 + $1.candidateTokens } / Double(requests)
    }
}

extension [SubjectSample] {
    /// The smallest value that at least the fraction `p` of the ascending samples does not exceed.
    func quantile(_ p: Double) -> Double? {
        guard !isEmpty else { return nil }
        return self[Swift.max(0, Int((p * Double(count)).rounded(.up)) - 1)].value
    }
}
