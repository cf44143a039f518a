internal import Policy

extension RolloutStatus {
    init(_ document: SplitPolicy, _ rule: RolloutRule, _ state: RolloutState, waitsFor: String?) {
        let inForce = document.inForce(state)
        self.init(
            policy: document.id,
            arm: rule.arm,
            phase: state.phase.description,
            stage: state.stage(by: rule),
            share: inForce.arm(rule.arm)?.share ?? Share(basisPoints: 0),
            stages: rule.stages,
            since: state.since,
            version: inForce.version,
            waitsFor: waitsFor
        )
    }
}

extension RolloutState {
    fileprivate func stage(by rule: RolloutRule) -> Int {
        switch phase {
        case .idle, .rolledBack: 0
        case .stage(let number), .paused(let number): number + 1
        case .done: rule.stages.count
        }
    }
}
