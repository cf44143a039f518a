extension DocumentCheck {
    /// The metrics with their defaults: higher is better, and an outcome counts for a day.
    func metrics() -> [MetricRule] {
        document.metrics.map { entry in
            MetricRule(
                name: entry.name.value,
                kind: entry.kind?.value ?? .binary,
                better: entry.better?.value ?? .higher,
                window: entry.window?.value ?? .seconds(86_400)
            )
        }
    }

    /// The rule with its defaults; nil when there is none or it cannot be applied.
    mutating func decide(metrics: [MetricName]) -> DecideRule? {
        guard let entry = document.decide else { return nil }
        if document.arms.count == 1, hasAllArms {
            let fix = "remove decide, or add the arm to compare with"
            report(entry.path, entry.line, "one arm leaves nothing to decide", fix: fix)
        }
        let guardrails = entry.guardrails.compactMap { guardrail($0) }
        checkRepeats(entry.guardrails)
        guard let metric = primary(entry, metrics: metrics) else { return nil }
        return DecideRule(
            primary: .init(metric: metric, margin: entry.margin?.value ?? RateChange(basisPoints: 0)),
            alpha: entry.alpha?.value ?? 0.05,
            plannedSubjects: entry.plannedSubjects?.value ?? 4_000,
            minimum: .init(
                subjects: entry.subjects?.value ?? 100,
                successes: entry.successes?.value ?? 10,
                failures: entry.failures?.value ?? 10
            ),
            guardrails: guardrails.sorted { $0.metric.rawValue < $1.metric.rawValue }
        )
    }

    private mutating func primary(_ entry: PolicyDocument.DecideEntry, metrics: [MetricName]) -> MetricName? {
        let path = "\(entry.path).primary"
        guard entry.hasPrimary, entry.hasMetric || entry.primaryLine == nil else {
            let fix = "add primary: {metric: NAME} with one of the policy's metrics"
            report(path, entry.primaryLine ?? entry.line, "there is no metric to decide by", fix: fix)
            return nil
        }
        guard let metric = entry.metric else { return nil }
        guard metrics.contains(metric.value) else {
            if !isKnown("metrics.\(metric.value)") {
                let fix =
                    metrics.isEmpty
                    ? "add metrics: {\(metric.value): {kind: binary}}"
                    : suggestion(for: metric.value.rawValue, among: metrics.map(\.rawValue))
                report(metric.path, metric.line, "there is no metric \(metric.value)", fix: fix)
            }
            return nil
        }
        return metric.value
    }

    private mutating func guardrail(_ entry: PolicyDocument.GuardrailEntry) -> Guardrail? {
        guard let metric = entry.metric?.value else { return nil }
        let isRate = metric == .failureRate
        let (wanted, other) =
            isRate
            ? ("at_most_increase", "at_most_ratio") : ("at_most_ratio", "at_most_increase")
        if isRate ? entry.hasRatio : entry.hasIncrease {
            let fix = "use \(wanted) with \(metric.rawValue)"
            report("\(entry.path).\(other)", entry.line, "\(metric.rawValue) has no such limit", fix: fix)
        } else if !(isRate ? entry.hasIncrease : entry.hasRatio) {
            let fix = "add \(wanted): \(isRate ? "such as 0.5%" : "such as 1.5")"
            report("\(entry.path).\(wanted)", entry.line, "the guardrail has no limit", fix: fix)
        }
        if isRate {
            return entry.increase.map { Guardrail(metric: metric, limit: .atMostIncrease($0.value)) }
        }
        return entry.ratio.map { Guardrail(metric: metric, limit: .atMostRatio($0.value)) }
    }

    private mutating func checkRepeats(_ entries: [PolicyDocument.GuardrailEntry]) {
        var seen: Set<Guardrail.Metric> = []
        for metric in entries.compactMap(\.metric) where !seen.insert(metric.value).inserted {
            let message = "\(metric.value.rawValue) has a guardrail already"
            report(metric.path, metric.line, message, fix: "keep the stricter one")
        }
    }
}
