public import Policy
public import Store

/// Which lines of the audit are asked for.
public struct AuditQuery: Sendable, Hashable {
    public var policy: PolicyID?
    public var contains: String?
    public var limit: Int
}

/// What the admin plane can do, given to it by whoever knows the rollouts: this module doesn't.
public struct AdminActions: Sendable {
    public typealias CommandReply = Result<RolloutStatus, RolloutRefusal>

    /// The policies in force.
    public var policies: @Sendable () -> PolicySet
    public var rollouts: @Sendable () -> [RolloutStatus]
    /// The last argument is the name of the key that commands.
    public var command: @Sendable (OperatorCommand, PolicyID, String) async -> CommandReply
    /// Newest first.
    public var audits: @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord]

    public init(
        policies: @escaping @Sendable () -> PolicySet,
        rollouts: @escaping @Sendable () -> [RolloutStatus],
        command: @escaping @Sendable (OperatorCommand, PolicyID, String) async -> CommandReply,
        audits: @escaping @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord]
    ) {
        self.policies = policies
        self.rollouts = rollouts
        self.command = command
        self.audits = audits
    }
}
