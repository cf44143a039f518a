public import Policy

/// What an operator may ask of a rollout.
public enum OperatorCommand: String, Sendable, Hashable, CaseIterable {
    case start, pause, resume, promote, rollback

    var event: RolloutEvent {
        switch self {
        case .start: .started
        case .pause: .paused
        case .resume: .resumed
        case .promote: .promoted
        case .rollback: .rolledBack
        }
    }
}

/// Where one rollout stands, as commands and pages show it.
public struct RolloutStatus: Sendable, Hashable, Encodable {
    public let policy: PolicyID
    public let arm: String
    public let phase: String
    /// Of the arm, in per cent with its sign.
    public let share: String
    public let stages: [String]
    /// Seconds since 1970.
    public let since: Int
    /// The version whose shares are in force.
    public let version: String
    /// What the next step waits for; nil before the first look at a stage.
    public let waitsFor: String?

    init(_ document: SplitPolicy, _ rule: RolloutRule, _ state: RolloutState, waitsFor: String?) {
        let inForce = document.inForce(state)
        policy = document.id
        arm = rule.arm.rawValue
        phase = state.phase.description
        share = inForce.arm(rule.arm)?.share.description ?? "0%"
        stages = rule.stages.map(\.description)
        since = state.since
        version = inForce.version.rawValue
        self.waitsFor = waitsFor
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(policy.rawValue, forKey: .policy)
        try container.encode(arm, forKey: .arm)
        try container.encode(phase, forKey: .phase)
        try container.encode(share, forKey: .share)
        try container.encode(stages, forKey: .stages)
        try container.encode(since, forKey: .since)
        try container.encode(version, forKey: .version)
        try container.encode(waitsFor, forKey: .waitsFor)
    }

    private enum Key: String, CodingKey {
        case policy, arm, phase, share, stages, since, version
        case waitsFor = "waits_for"
    }
}
