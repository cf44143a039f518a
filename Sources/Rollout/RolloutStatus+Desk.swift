internal import Policy

extension RolloutStatus {
    init(_ document: SplitPolicy, _ rule: RolloutRule, _ state: RolloutState, waitsFor: String?) {
        let inForce = document.inForce(state)
        self.init(
            policy: document.id,
            arm: rule.arm,
            phase: state.phase.description,
            share: inForce.arm(rule.arm)?.share ?? Share(basisPoints: 0),
            stages: rule.stages,
            since: state.since,
            version: inForce.version,
            waitsFor: waitsFor
        )
    }
}
