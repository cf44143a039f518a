extension SummaryReport {
    /// Two rows and two remarks for each arm and shadow; empty where there are none.
    var shadowLines: [String] {
        guard !shadows.isEmpty else { return [] }
        var table = TextTable(["  Arm", "Run", "Pairs", "Score", "Candidate tokens", "p50 ms", "p95 ms"])
        for shadow in shadows {
            for (name, run) in [
                ("live \(shadow.mode)", shadow.live), ("shadow \(shadow.shadowMode)", shadow.shadow),
            ] {
                table.add([
                    "  \(shadow.arm)", name, NumberText.count(shadow.pairs),
                    run.score.map { NumberText.decimal($0, 3) } ?? NumberText.unknown,
                    run.candidateTokens.map { NumberText.decimal($0, 1) } ?? NumberText.unknown,
                    NumberText.milliseconds(run.latencyP50Ms), NumberText.milliseconds(run.latencyP95Ms),
                ])
            }
        }
        return table.lines + shadows.flatMap(remarks)
    }

    private func remarks(_ shadow: ShadowSummary) -> [String] {
        let states = shadow.states.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        let ends = states.map { "\($0.key) \(NumberText.count($0.value))" }.joined(separator: ", ")
        return [agreement(shadow), "shadows by state: \(ends)"].flatMap {
            "  \(shadow.arm), \(shadow.mode) against \(shadow.shadowMode): \($0)"
                .wrapped(to: Self.tableWidth, hanging: 4)
        }
    }

    private func agreement(_ shadow: ShadowSummary) -> String {
        let agreement = shadow.agreement
        guard let rate = agreement.rate else { return "no answers to compare yet" }
        var text = "same answer in \(NumberText.percent(rate))"
        if let lower = agreement.lower, let upper = agreement.upper {
            text += " [\(NumberText.percent(lower)), \(NumberText.percent(upper))]"
        }
        text += " of \(NumberText.count(agreement.compared)) pairs"
        text += " of \(NumberText.count(shadow.subjects)) subjects"
        if agreement.missing.isEmpty { return text }
        return text + ", no interval yet (\(agreement.missing.joined(separator: "; ")))"
    }
}
