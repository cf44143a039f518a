extension SummaryReport {
    /// A row for each arm that has something to say; empty if none has.
    var effortLines: [String] {
        let told = arms.filter { $0.effort.saysSomething || $0.degraded > 0 }
        guard !told.isEmpty else { return [] }
        var table = TextTable([
            "  Arm", "Candidates", "Pruned", "Stopped early", "Cached prompt", "Degraded",
        ])
        for arm in told {
            let effort = arm.effort
            table.add([
                "  \(arm.arm)",
                effort.candidates.map { NumberText.decimal($0, 1) } ?? NumberText.unknown,
                NumberText.percent(effort.prunedShare),
                NumberText.count(effort.stoppedBy.values.reduce(0, +)),
                NumberText.percent(effort.cachedPromptShare),
                NumberText.count(arm.degraded),
            ])
        }
        return table.lines + told.flatMap(details)
    }

    private func details(_ arm: ArmSummary) -> [String] {
        let effort = arm.effort
        var texts: [String] = []
        if effort.audited > 0 {
            texts.append(
                "pruning would have cut the winner of \(NumberText.percent(effort.winnerCutShare)) of "
                    + "\(NumberText.count(effort.audited)) audited requests"
            )
        }
        let stops = effort.stoppedBy.sorted { $0.key < $1.key }.filter { $0.value > 0 }
        if !stops.isEmpty {
            let counts = stops.map { "\($0.key) \(NumberText.count($0.value))" }
            texts.append("stopped early by \(counts.joined(separator: ", "))")
        }
        for nested in effort.nested {
            texts.append(
                "with \(nested.candidates) candidates the pick would score "
                    + "\(NumberText.decimal(nested.expectedScore, 3)) instead of "
                    + "\(NumberText.decimal(nested.pickScore, 3)) and stay the same in "
                    + "\(NumberText.percent(nested.sameAnswer)) of \(NumberText.count(nested.requests)) requests"
            )
        }
        return texts.flatMap { "  \(arm.arm): \($0)".wrapped(to: Self.tableWidth, hanging: 4) }
    }
}
