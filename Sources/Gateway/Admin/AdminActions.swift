public import Policy
public import Store

/// What an operator may ask of a rollout over HTTP.
public enum AdminCommand: String, Sendable, Hashable, CaseIterable {
    case start, pause, resume, promote, rollback
}

/// Where one rollout stands, as the admin plane tells it.
public struct RolloutView: Sendable, Hashable {
    public var policy: PolicyID
    public var arm: String
    public var phase: String
    /// Of the arm, in per cent with its sign.
    public var share: String
    public var stages: [String]
    /// Seconds since 1970.
    public var since: Int
    /// The version whose shares are in force.
    public var version: String
    /// What the next step waits for; nil while nobody has looked.
    public var waitsFor: String?

    public init(
        policy: PolicyID,
        arm: String,
        phase: String,
        share: String,
        stages: [String],
        since: Int,
        version: String,
        waitsFor: String?
    ) {
        self.policy = policy
        self.arm = arm
        self.phase = phase
        self.share = share
        self.stages = stages
        self.since = since
        self.version = version
        self.waitsFor = waitsFor
    }
}

/// Why a rollout does not do what it is told, in words for whoever told it.
public struct CommandRefusal: Error, Sendable, Hashable {
    public var words: String

    public init(words: String) {
        self.words = words
    }
}

/// Which lines of the audit are asked for.
public struct AuditQuery: Sendable, Hashable {
    public var policy: PolicyID?
    public var contains: String?
    public var limit: Int
}

/// What the admin plane can do, given to it by whoever knows the rollouts: this module doesn't.
public struct AdminActions: Sendable {
    /// The policies in force.
    public var policies: @Sendable () -> PolicySet
    public var rollouts: @Sendable () -> [RolloutView]
    /// The last argument is the name of the key that commands.
    public var command:
        @Sendable (AdminCommand, PolicyID, String) async -> Result<RolloutView, CommandRefusal>
    /// Newest first.
    public var audits: @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord]

    public init(
        policies: @escaping @Sendable () -> PolicySet,
        rollouts: @escaping @Sendable () -> [RolloutView],
        command:
            @escaping @Sendable (AdminCommand, PolicyID, String) async -> Result<RolloutView, CommandRefusal>,
        audits: @escaping @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord]
    ) {
        self.policies = policies
        self.rollouts = rollouts
        self.command = command
        self.audits = audits
    }
}
