extension PolicyDocument {
    mutating func readMetrics(_ field: Field?, _ reader: FieldReader) {
        guard let field, let entries = reader.entries(field) else { return }
        let laterKinds = Dictionary(
            uniqueKeysWithValues: ["numeric", "mean", "count", "rating", "ratio"].map {
                ($0, "count a yes-or-no outcome: kind: binary")
            }
        )
        for (key, value) in entries {
            let section = reader.section(value)
            guard let name: Located<MetricName> = reader.name(key: key, of: value), let section else {
                continue
            }
            let metric = MetricEntry(
                name: name,
                kind: reader.word(section["kind"], unavailable: laterKinds),
                better: reader.word(section["better"]),
                window: reader.duration(section["window"])
            )
            metrics.append(metric)
        }
    }

    mutating func readDecide(_ field: Field?, _ reader: FieldReader) {
        guard let section = reader.section(field) else { return }
        let primary = reader.section(section["primary"])
        let minimum = reader.section(section["minimum"])
        decide = DecideEntry(
            path: section.path,
            line: section.line,
            hasPrimary: section["primary"] != nil,
            primaryLine: primary?.line,
            hasMetric: primary?["metric"] != nil,
            metric: reader.name(primary?["metric"]),
            margin: reader.rateChange(primary?["margin"]),
            alpha: reader.decimal(section["alpha"]),
            plannedSubjects: reader.integer(section["planned_subjects"]),
            subjects: reader.integer(minimum?["subjects"]),
            successes: reader.integer(minimum?["successes"]),
            failures: reader.integer(minimum?["failures"]),
            guardrails: readGuardrails(section["guardrails"], reader)
        )
    }

    private func readGuardrails(_ field: Field?, _ reader: FieldReader) -> [GuardrailEntry] {
        let items = reader.items(field) ?? []
        return items.compactMap { item in
            guard let section = reader.section(item) else { return nil }
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
                ratio: reader.decimal(section["at_most_ratio"]),
                increase: reader.rateChange(section["at_most_increase"])
            )
        }
    }
}
