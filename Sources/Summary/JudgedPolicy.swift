import Policy
import Stats

/// One policy version with the rule it is judged by.
struct JudgedPolicy {
    let policy: SplitPolicy
    let rule: DecideRule
    /// False when the rule is only the default one, which may inform but not decide.
    let decides: Bool
    let metric: MetricRule
    /// The arms to compare with control, by rising effort.
    let treatments: [Arm]

    /// Names under which the head's own opinion might be offered as an outcome.
    private static let selfScores: Set<MetricName> = [
        "score", "scores", "step_score", "step_scores", "best_score", "head_score", "headgate_score",
        "confidence",
    ]

    /// Without a decide section the figures are those of the defaults: α 5 %, 4,000 subjects, minimum 100/10/10.
    init(_ policy: SplitPolicy) throws(SummaryError) {
        self.policy = policy
        decides = policy.decide != nil
        let named = policy.metrics.first { $0.name == "success" } ?? policy.metrics.first
        rule =
            policy.decide
            ?? DecideRule(
                primary: .init(metric: named?.name ?? "success", margin: RateChange(basisPoints: 0)),
                alpha: 0.05,
                plannedSubjects: 4_000,
                minimum: .init(subjects: 100, successes: 10, failures: 10),
                guardrails: []
            )
        let primary = rule.primary.metric
        guard !Self.selfScores.contains(primary) else { throw .selfScored(primary) }
        metric =
            policy.metrics.first { $0.name == primary }
            ?? MetricRule(name: primary, kind: .binary, better: .higher, window: .seconds(86_400))
        treatments = policy.arms.filter { !$0.isControl }.sorted { ($0.mode.k, $0.id) < ($1.mode.k, $1.id) }
    }

    /// Control first, then by rising effort.
    var arms: [Arm] { [policy.control] + treatments }

    /// The primary metric, then the others by name, the head's own opinion left out.
    var metrics: [MetricRule] {
        [metric] + policy.metrics.filter { $0.name != metric.name && !Self.selfScores.contains($0.name) }
    }

    var minimum: MinimumCounts {
        MinimumCounts(
            subjects: rule.minimum.subjects,
            successes: rule.minimum.successes,
            failures: rule.minimum.failures
        )
    }

    /// At α for one comparison.
    var sequence: ConfidenceSequence {
        ConfidenceSequence(alpha: rule.alpha, plannedSubjects: Double(rule.plannedSubjects))
    }
}
