extension PolicyDocument {
    mutating func readMetrics(_ field: Field?, _ reader: FieldReader) {
        guard let field, let entries = reader.entries(field) else { return }
        guard reader.isWithin(DocumentLimit.metrics, count: entries.count, field) else { return }
        let laterKinds = Dictionary(
            uniqueKeysWithValues: ["numeric", "mean", "count", "rating", "ratio"].map {
                ($0, "count a yes-or-no outcome: kind: binary")
            }
        )
        for (key, value) in entries {
            let section = reader.section(value, keys: ["kind", "better", "window"])
            guard let name: Located<MetricName> = reader.name(key: key, of: value), let section else {
                continue
            }
            let metric = MetricEntry(
                name: name,
                kind: reader.word(section["kind"], unavailable: laterKinds),
                better: reader.word(section["better"]),
                window: reader.duration(section["window"], in: .seconds(1)...(.seconds(90 * 86_400)))
            )
            metrics.append(metric)
        }
    }

    mutating func readDecide(_ field: Field?, _ reader: FieldReader) {
        let section = reader.section(
            field,
            keys: ["primary", "alpha", "planned_subjects", "minimum", "guardrails"],
            unavailable: ["value_per_success": "remove it; the summary weighs success without a price"]
        )
        guard let section else { return }
        let primary = reader.section(section["primary"], keys: ["metric", "margin"])
        let minimum = reader.section(section["minimum"], keys: ["subjects", "successes", "failures"])
        let counts = 1...100_000_000
        decide = DecideEntry(
            path: section.path,
            line: section.line,
            hasPrimary: section["primary"] != nil,
            primaryLine: primary?.line,
            hasMetric: primary?["metric"] != nil,
            metric: reader.name(primary?["metric"]),
            margin: reader.rateChange(primary?["margin"], in: -9_999...9_999),
            alpha: reader.decimal(section["alpha"], "a number above 0 and below 0.5", such: "0.05") {
                $0 > 0 && $0 < 0.5
            },
            plannedSubjects: reader.integer(section["planned_subjects"], in: counts),
            subjects: reader.integer(minimum?["subjects"], in: counts),
            successes: reader.integer(minimum?["successes"], in: counts),
            failures: reader.integer(minimum?["failures"], in: counts),
            guardrails: readGuardrails(section["guardrails"], reader)
        )
    }

    private func readGuardrails(_ field: Field?, _ reader: FieldReader) -> [GuardrailEntry] {
        let items = reader.items(field, limit: Guardrail.Metric.allCases.count) ?? []
        return items.compactMap { item in
            let keys = ["metric", "at_most_ratio", "at_most_increase"]
            guard let section = reader.section(item, keys: keys) else { return nil }
            if section["metric"] == nil {
                let fix = suggestion(for: "", among: Guardrail.Metric.allCases.map(\.rawValue))
                reader.report("\(item.path).metric", item.line, "the guardrail names no metric", fix: fix)
            }
            return GuardrailEntry(
                path: item.path,
                line: item.line,
                hasRatio: section["at_most_ratio"] != nil,
                hasIncrease: section["at_most_increase"] != nil,
                metric: reader.word(section["metric"]),
                ratio: reader.decimal(
                    section["at_most_ratio"],
                    "a number above 0 and up to 1000",
                    such: "1.5"
                ) {
                    $0 > 0 && $0 <= 1_000
                },
                increase: reader.rateChange(section["at_most_increase"], in: 0...9_999)
            )
        }
    }
}
