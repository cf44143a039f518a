public import Policy

/// Where a rollout stands.
public struct RolloutState: Sendable, Hashable {
    public enum Phase: Sendable, Hashable {
        /// Not begun: the arm has the share that the document gives it.
        case idle
        /// The arm has the share of the stage with this number, from 0.
        case stage(Int)
        /// As in the stage, until an operator decides.
        case paused(Int)
        /// The arm keeps the share of the last stage.
        case done
        /// The arm has nothing; the number is that of the stage it had come to.
        case rolledBack(Int)
    }

    public let phase: Phase
    /// When the phase began, in seconds since 1970.
    public let since: Int

    public init(phase: Phase, since: Int) {
        self.phase = phase
        self.since = since
    }

    /// The share that the arm has; nil for that of the document.
    public func share(by rule: RolloutRule) -> Share? {
        switch phase {
        case .idle: nil
        case .stage(let number), .paused(let number): rule.stages[min(number, rule.stages.count - 1)]
        case .done: rule.stages.last
        case .rolledBack: Share(basisPoints: 0)
        }
    }
}

extension SplitPolicy {
    /// This policy as the rollout has it at the moment.
    public func inForce(_ state: RolloutState?) -> SplitPolicy {
        guard let rollout, let share = state?.share(by: rollout) else { return self }
        return giving(rollout.arm, share)
    }
}
