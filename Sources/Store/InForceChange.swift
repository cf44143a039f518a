public import Policy

/// One change of what is in force, with all that has to be on disk before any request meets it.
public struct InForceChange: Sendable, Hashable {
    /// The versions that come into force.
    public var policies: [PolicyRecord]
    /// Rollouts whose state changes with it.
    public var rollouts: [RolloutRecord]
    public var audits: [AuditRecord]

    public init(policies: [PolicyRecord], rollouts: [RolloutRecord] = [], audits: [AuditRecord] = []) {
        self.policies = policies
        self.rollouts = rollouts
        self.audits = audits
    }
}

/// Where the rollout of one policy stands; one row a policy.
public struct RolloutRecord: Sendable, Hashable {
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        case idle, stage, paused, done
        case rolledBack = "rolled_back"
    }

    public var policy: PolicyID
    public var phase: Phase
    /// The stage that the phase is about, from 0; 0 where it is about none.
    public var stage: Int
    public var since: Timestamp
    /// The version of the document itself, whose shares the rollout replaces.
    public var document: PolicyVersion

    public init(policy: PolicyID, phase: Phase, stage: Int, since: Timestamp, document: PolicyVersion) {
        self.policy = policy
        self.phase = phase
        self.stage = stage
        self.since = since
        self.document = document
    }
}

/// One line of the audit: who changed what, and from what to what. Never edited, never removed.
public struct AuditRecord: Sendable, Hashable {
    /// The action of a line about a document; `before` and `after` are versions of it.
    public static let policyAction = "policy"
    /// The action of a line about a rollout; `before` and `after` are its phase and the version in force.
    public static let rolloutAction = "rollout"
    /// What stands in the place of a version before there is a document, and after.
    public static let none = "none"
    public static let gone = "gone"

    /// When it was written; set by the store.
    public var time: Timestamp?
    /// An operator's key by its name, `file` for an edit of the policy folder, `rollout` for the machine itself, `keys`
    /// for a change of the key file.
    public var actor: String
    public var action: String
    public var policy: PolicyID?
    public var before: String
    public var after: String
    public var reason: String

    public init(
        time: Timestamp? = nil,
        actor: String,
        action: String,
        policy: PolicyID?,
        before: String,
        after: String,
        reason: String
    ) {
        self.time = time
        self.actor = actor
        self.action = action
        self.policy = policy
        self.before = before
        self.after = after
        self.reason = reason
    }
}
