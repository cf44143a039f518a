public import Policy
public import Stats

/// What has happened that a rollout may answer to.
public enum RolloutEvent: Sendable, Hashable {
    /// By an operator.
    case started, paused, resumed, promoted, rolledBack
    /// What the stage's traffic shows so far.
    case evidenceGathered(StageEvidence)
    /// The document is another one now.
    case documentChanged(from: SplitPolicy, to: SplitPolicy?)
}

extension OperatorCommand {
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

/// What is known of the present stage at one moment.
public struct StageEvidence: Sendable, Hashable {
    public let decision: Decision
    /// Why, in words for the operator.
    public let reasons: [String]
    /// Whether the data can be trusted; a breach counts even if not.
    public let isSound: Bool
    /// Subjects in the arm since the stage began.
    public let subjects: Int
    /// A failure or latency spike that is proven already; nil without one.
    public let spike: String?

    public init(decision: Decision, reasons: [String], isSound: Bool, subjects: Int, spike: String?) {
        self.decision = decision
        self.reasons = reasons
        self.isSound = isSound
        self.subjects = subjects
        self.spike = spike
    }
}

/// What an event leads to.
public enum RolloutStep: Sendable, Hashable {
    /// Nothing changes yet, because of this.
    case waits(String)
    /// The rollout goes on to this state, because of this.
    case moves(RolloutState, because: String)
}
