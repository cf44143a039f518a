public import Stats

/// Everything known about one version of one policy and what follows from it; schema 1.
///
/// The one computation that table, JSON, rollout controller and dashboard show. Keys are these names in snake
/// case. What isn't known is null, never a stand-in; an interval's end is null when the data bound nothing on
/// that side, and `missing` beside it says what is lacking. Differences are treatment minus control.
public struct SummaryReport: Encodable, Sendable, Hashable {
    public var schema = 1
    public var policy: String
    public var version: String
    /// The time up to which outcome windows were taken as closed, ISO 8601 in UTC.
    public var asOf: String
    /// The chance of ever deciding wrongly on one metric, over all looks together.
    public var alpha: Double
    /// The metric that decides.
    public var metric: String
    public var verdict: VerdictSummary
    /// Control first, then by rising effort.
    public var arms: [ArmSummary]
    public var effects: [EffectSummary]
    public var guardrails: [GuardrailSummary]
    public var checks: [CheckSummary]
    /// By arm and mode, where there are any; none of it is in any other figure.
    public var shadows: [ShadowSummary]
    /// Oldest first. Versions are never pooled: shares and modes differ between them.
    public var versions: [VersionSummary]
    /// What a reader should know besides, in plain words.
    public var notes: [String]
}

extension SummaryReport {
    /// The exit status that a pipeline branches on: go 0, wait 10, no-go 20.
    public var exitStatus: Int32 {
        switch verdict.decision {
        case .go: 0
        case .wait: 10
        case .noGo: 20
        }
    }
}

/// What to do next and why.
public struct VerdictSummary: Encodable, Sendable, Hashable {
    public var decision: Decision
    /// The arm that the decision is about; nil when it is about all of them.
    @OrNull public var arm: String?
    public var reasons: [String]
    public var byArm: [ArmVerdict]

    public struct ArmVerdict: Encodable, Sendable, Hashable {
        public var arm: String
        public var decision: Decision
        @OrNull public var rule: Verdict.Rule?
        public var reasons: [String]
    }
}

/// What one arm did.
public struct ArmSummary: Encodable, Sendable, Hashable {
    public var arm: String
    public var control: Bool
    public var mode: String
    public var k: Int
    /// The configured fraction of subjects.
    public var share: Double
    public var subjects: Int
    public var requests: Int
    /// Successes per request that has an outcome.
    @OrNull public var successRate: Double?
    public var outcomes: OutcomeCounts
    /// Of completed requests.
    @OrNull public var latencyP50Ms: Double?
    @OrNull public var latencyP95Ms: Double?
    @OrNull public var latencyP99Ms: Double?
    @OrNull public var firstTokenP50Ms: Double?
    @OrNull public var firstTokenP95Ms: Double?
    /// Mean per request, thinking and answers of all candidates.
    @OrNull public var candidateTokens: Double?
    public var candidateTokensTotal: Double
    /// Candidate tokens per request relative to control.
    @OrNull public var computeRatio: Double?
    /// Mean per request.
    @OrNull public var cpuSeconds: Double?
    public var cpuSecondsTotal: Double
    /// Requests by terminal state, and `open` for those that haven't ended.
    public var states: [String: Int]
    public var degraded: Int
    /// Requests that no figure here counts: overrides and honoured client efforts.
    public var excluded: Int
    public var effort: EffortSummary

    public struct OutcomeCounts: Encodable, Sendable, Hashable {
        public var requests: Int
        public var subjects: Int
        public var successes: Int
    }
}

/// The difference of one metric between an arm and control.
public struct EffectSummary: Encodable, Sendable, Hashable {
    public var arm: String
    public var metric: String
    public var primary: Bool
    @OrNull public var controlRate: Double?
    @OrNull public var treatmentRate: Double?
    @OrNull public var difference: Double?
    @OrNull public var lower: Double?
    @OrNull public var upper: Double?
    @OrNull public var pValue: Double?
    /// Subjects with an outcome, in both arms.
    public var subjects: Int
    /// What an interval still needs, with how much there is.
    public var missing: [String]
    /// The same over the subjects that the verdict counts.
    public var decidedOn: DecidedOn

    public struct DecidedOn: Encodable, Sendable, Hashable {
        public var population: Population
        @OrNull public var difference: Double?
        @OrNull public var lower: Double?
        @OrNull public var upper: Double?
        @OrNull public var pValue: Double?
        public var subjects: Int
        public var missing: [String]
    }
}

/// Which subjects the verdict counts.
public enum Population: String, Encodable, Sendable, Hashable {
    /// All of them: next to none still waits for an outcome.
    case everyone
    /// Those first assigned at least one outcome window ago.
    case closedWindows = "closed_windows"
}

/// One limit, and where an arm stands to it.
public struct GuardrailSummary: Encodable, Sendable, Hashable {
    public enum State: String, Encodable, Sendable, Hashable { case inside, broken, undecided }

    public var arm: String
    public var metric: String
    /// `at_most_ratio` or `at_most_increase`.
    public var limit: String
    public var limitValue: Double
    @OrNull public var control: Double?
    @OrNull public var treatment: Double?
    /// Treatment minus what the limit allows; below zero is inside.
    @OrNull public var excess: Double?
    @OrNull public var lower: Double?
    @OrNull public var upper: Double?
    public var state: State
    public var missing: [String]
}

/// One question about whether the data can be trusted.
public struct CheckSummary: Encodable, Sendable, Hashable {
    public enum State: String, Encodable, Sendable, Hashable {
        case ok
        /// Worth knowing, decides nothing.
        case warning
        /// Blocks a go, never a no-go.
        case unsound
        /// Not enough data to tell.
        case unknown
    }

    public var check: String
    @OrNull public var arm: String?
    public var state: State
    @OrNull public var pValue: Double?
    public var detail: String
}

/// One version of the policy that the record knows.
public struct VersionSummary: Encodable, Sendable, Hashable {
    public var version: String
    /// Whether the rest of the report is about this one.
    public var shown: Bool
    public var subjects: Int
    public var requests: Int
    /// By arm.
    public var shares: [String: Double]
    @OrNull public var firstAssigned: String?
    @OrNull public var lastAssigned: String?
}
