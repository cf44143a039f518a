/// A value as an operator wrote it, and where.
struct Located<Value: Sendable>: Sendable {
    let value: Value
    let path: String
    let line: Int?
}

/// A policy document as it was read: every field has its type, nothing is known to fit together.
///
/// A field that is absent or unreadable is nil; what is unreadable is among the `problems`.
public struct PolicyDocument: Sendable {
    struct ArmEntry: Sendable {
        let name: Located<ArmID>
        /// Whether the key is there at all, readable or not.
        var hasShare: Bool
        var hasMode: Bool
        var share: Located<Share>?
        var mode: Located<ModeName>?
        var control: Located<Bool>?
    }

    struct ModeEntry: Sendable {
        let name: Located<ModeName>
        var hasK: Bool
        var k: Located<Int>?
        var select: Located<SelectionRule>?
        var temperature: Located<Double>?
        var topP: Located<Double>?
        var topK: Located<Int>?
        var repetitionPenalty: Located<Double>?
        var prune: Located<PruneRule>?
        var adaptive: AdaptiveEntry?
        var search: Located<SearchRule>?
        var tokenBudget: Located<Int>?
    }

    struct AdaptiveEntry: Sendable {
        let path: String
        let line: Int?
        var hasStages: Bool
        /// Nil when absent or unreadable.
        var stages: Located<[Int]>?
        var confidence: Located<Double>?
    }

    struct OverrideEntry: Sendable {
        var headers: [String: [TextPattern]]
        var keys: [TextPattern]
        var arm: Located<ArmID>?
    }

    struct MetricEntry: Sendable {
        let name: Located<MetricName>
        var kind: Located<MetricRule.Kind>?
        var better: Located<MetricRule.Direction>?
        var window: Located<Duration>?
    }

    struct GuardrailEntry: Sendable {
        let path: String
        let line: Int?
        var hasRatio: Bool
        var hasIncrease: Bool
        var metric: Located<Guardrail.Metric>?
        var ratio: Located<Double>?
        var increase: Located<RateChange>?
    }

    struct DecideEntry: Sendable {
        let path: String
        let line: Int?
        var hasPrimary: Bool
        var primaryLine: Int?
        var hasMetric: Bool
        var metric: Located<MetricName>?
        var margin: Located<RateChange>?
        var alpha: Located<Double>?
        var plannedSubjects: Located<Int>?
        var subjects: Located<Int>?
        var successes: Located<Int>?
        var failures: Located<Int>?
        var guardrails: [GuardrailEntry] = []
    }

    public let file: String
    var problems: [PolicyProblem] = []

    var name: Located<PolicyID>?
    var description: Located<String>?
    var priority: Located<Int>?
    var models: [TextPattern] = []
    var headers: [String: [TextPattern]] = [:]
    var tags: [TextPattern] = []
    var traffic: Located<Share>?
    var subjectSources: [SubjectSource]?
    var subjectFallback: Located<SubjectRule.Fallback>?
    var salt: Located<String>?
    var clientEffort: Located<ClientEffort>?
    var blind: Located<Bool>?
    var armsLine: Int?
    /// How many arms the text has; more than `arms` when some cannot be read at all.
    var armCount = 0
    var arms: [ArmEntry] = []
    var modes: [ModeEntry] = []
    var overrides: [OverrideEntry] = []
    var deadline: Located<Duration>?
    var maxTokens: Located<Int>?
    var overload: Located<Limits.Overload>?
    var queue: Located<Duration>?
    var tier: Located<Limits.Tier>?
    var metrics: [MetricEntry] = []
    var decide: DecideEntry?
    var rollout: RolloutEntry?
    var review: ReviewEntry?
    var capture: Located<CaptureRule>?
    var shadow: ShadowEntry?

    init(file: String) {
        self.file = file
    }

    /// The name that the document gives its policy; nil where it gives none that can be read.
    public var id: PolicyID? { name?.value }
}
