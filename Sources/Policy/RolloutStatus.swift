/// What an operator may ask of a rollout.
///
/// These words are here because those who take them from people and those who carry them out don't know each other.
public enum OperatorCommand: String, Sendable, Hashable, CaseIterable {
    case start, pause, resume, promote, rollback
}

/// Why an operator's wish can't be met.
public struct RolloutRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// Where one rollout stands, as commands and pages show it.
public struct RolloutStatus: Sendable, Hashable {
    public let policy: PolicyID
    public let arm: ArmID
    public let phase: String
    /// The stage that the arm has come to, from 1; 0 before the first and after a rollback.
    public let stage: Int
    /// Of the arm.
    public let share: Share
    public let stages: [Share]
    /// Seconds since 1970.
    public let since: Int
    /// The version whose shares are in force.
    public let version: PolicyVersion
    /// What the next step waits for; nil before the first look at a stage.
    public let waitsFor: String?

    public init(
        policy: PolicyID,
        arm: ArmID,
        phase: String,
        stage: Int,
        share: Share,
        stages: [Share],
        since: Int,
        version: PolicyVersion,
        waitsFor: String?
    ) {
        self.policy = policy
        self.arm = arm
        self.phase = phase
        self.stage = stage
        self.share = share
        self.stages = stages
        self.since = since
        self.version = version
        self.waitsFor = waitsFor
    }
}
