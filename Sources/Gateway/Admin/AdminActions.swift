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
    /// Their documents, and the way to change them.
    public var folder: PolicyWatcher
    public var rollouts: @Sendable () -> [RolloutStatus]
    /// The last argument is the name of the key that commands.
    public var command: @Sendable (OperatorCommand, PolicyID, String) async -> CommandReply
    public var record: AdminRecord

    public init(
        policies: @escaping @Sendable () -> PolicySet,
        folder: PolicyWatcher,
        rollouts: @escaping @Sendable () -> [RolloutStatus],
        command: @escaping @Sendable (OperatorCommand, PolicyID, String) async -> CommandReply,
        record: AdminRecord
    ) {
        self.policies = policies
        self.folder = folder
        self.rollouts = rollouts
        self.command = command
        self.record = record
    }
}

/// What the admin plane reads of the record.
public struct AdminRecord: Sendable {
    /// Newest first.
    public var audits: @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord]
    /// At most so many, newest first; none of a policy that there never was.
    public var versions: @Sendable (PolicyID, Int) throws(StoreError) -> [PolicyVersionRecord]
    /// As it was written, where that is known.
    public var document: @Sendable (PolicyID, PolicyVersion) throws(StoreError) -> String?

    public init(
        audits: @escaping @Sendable (AuditQuery) throws(StoreError) -> [AuditRecord],
        versions: @escaping @Sendable (PolicyID, Int) throws(StoreError) -> [PolicyVersionRecord],
        document: @escaping @Sendable (PolicyID, PolicyVersion) throws(StoreError) -> String?
    ) {
        self.audits = audits
        self.versions = versions
        self.document = document
    }

    public init(_ reader: RecordReader) {
        self.init(
            audits: { query throws(StoreError) in
                try reader.audits(policy: query.policy, text: query.contains, limit: query.limit)
            },
            versions: { policy, limit throws(StoreError) in try reader.versions(of: policy, limit: limit) },
            document: { policy, version throws(StoreError) in
                try reader.document(of: policy, version: version)
            }
        )
    }
}
