import Policy
import Stats

extension SummaryReport {
    /// The widest line, so that a usual terminal breaks none.
    static let tableWidth = 100

    /// The report for a person at a terminal: aligned columns, at most 100 wide for arms with short names.
    ///
    /// - Parameter colour: whether verdict and states are coloured by ANSI sequences; off for files and pipes.
    public func table(colour: Bool = false) -> String {
        let paint = Paint(isOn: colour)
        var lines = ["Policy \(policy), version \(version), as of \(asOf)", ""]
        lines += outcomeTable.lines + [""]
        lines += computeTable.lines + [""]
        lines += stateTable.lines
        lines += section("Effort", effortLines)
        lines += section("Effects", effects.flatMap(effectLines))
        lines += section("Guardrails", guardrails.flatMap { guardrailLines($0, paint) })
        lines += section("Shadow", shadowLines)
        lines += section("Data", checks.flatMap { checkLines($0, paint) })
        lines += section("Versions", versions.count > 1 ? versions.flatMap(versionLines) : [])
        lines += section("Notes", notes.flatMap { item($0) })
        lines += ["", paint.verdict(verdict)]
        lines += verdict.reasons.flatMap { item($0) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["", title] + lines
    }

    private func item(_ text: String) -> [String] {
        "  - \(text)".wrapped(to: Self.tableWidth, hanging: 4)
    }

    private func name(_ arm: ArmSummary) -> String { arm.control ? "\(arm.arm) (control)" : arm.arm }

    private var outcomeTable: TextTable {
        var table = TextTable([
            "Arm", "Share", "Subjects", "Requests", "Success", "p50 ms", "p95 ms", "p99 ms", "First p50",
            "First p95",
        ])
        for arm in arms {
            table.add([
                name(arm), NumberText.percent(arm.share), NumberText.count(arm.subjects),
                NumberText.count(arm.requests), NumberText.percent(arm.successRate),
                NumberText.milliseconds(arm.latencyP50Ms), NumberText.milliseconds(arm.latencyP95Ms),
                NumberText.milliseconds(arm.latencyP99Ms), NumberText.milliseconds(arm.firstTokenP50Ms),
                NumberText.milliseconds(arm.firstTokenP95Ms),
            ])
        }
        return table
    }

    private var computeTable: TextTable {
        var table = TextTable([
            "Arm", "Mode", "k", "Outcomes", "Candidate tokens", "Per request", "To control", "CPU s/request",
        ])
        for arm in arms {
            table.add([
                name(arm), arm.mode, "\(arm.k)", NumberText.count(arm.outcomes.requests),
                NumberText.decimal(arm.candidateTokensTotal, 0),
                arm.candidateTokens.map { NumberText.decimal($0, 1) } ?? NumberText.unknown,
                arm.computeRatio.map { NumberText.decimal($0, 2) + "x" } ?? NumberText.unknown,
                arm.cpuSeconds.map { NumberText.decimal($0, 3) } ?? NumberText.unknown,
            ])
        }
        return table
    }

    private var stateTable: TextTable {
        let states = ["completed", "client_gone", "deadline", "rejected", "failed", "open"]
        var table = TextTable(["Arm"] + states + ["degraded", "excluded"])
        for arm in arms {
            table.add(
                [name(arm)] + states.map { NumberText.count(arm.states[$0] ?? 0) }
                    + [NumberText.count(arm.degraded), NumberText.count(arm.excluded)]
            )
        }
        return table
    }

    private func versionLines(_ version: VersionSummary) -> [String] {
        let shares = version.shares.sorted { $0.key < $1.key }.map {
            "\($0.key) \(NumberText.percent($0.value))"
        }
        var text =
            "  \(version.version)\(version.shown ? " (shown)" : ""): \(shares.joined(separator: ", ")); "
        text +=
            "\(NumberText.count(version.requests)) requests of \(NumberText.count(version.subjects)) subjects"
        if let first = version.firstAssigned, let last = version.lastAssigned {
            text += ", \(first) to \(last)"
        }
        return text.wrapped(to: Self.tableWidth, hanging: 4)
    }

    private func effectLines(_ effect: EffectSummary) -> [String] {
        let subject = "  \(effect.arm), \(effect.metric)"
        guard let difference = effect.difference else {
            let missing = effect.missing.isEmpty ? "no outcome yet" : effect.missing.joined(separator: "; ")
            return "\(subject): no effect to show: \(missing)".wrapped(to: Self.tableWidth, hanging: 4)
        }
        var text = "\(subject): \(NumberText.points(difference)) points"
        if let lower = effect.lower, let upper = effect.upper, lower.isFinite, upper.isFinite {
            text += " \(NumberText.points((lower: lower, upper: upper)))"
            if let p = effect.pValue { text += ", \(NumberText.pValue(p))" }
        } else {
            text += ", no interval yet (\(effect.missing.joined(separator: "; ")))"
        }
        text += ", \(NumberText.count(effect.subjects)) subjects"
        if effect.decidedOn.population == .closedWindows {
            text += "; the verdict counts \(NumberText.count(effect.decidedOn.subjects)) of them"
        }
        return text.wrapped(to: Self.tableWidth, hanging: 4)
    }

    private func guardrailLines(_ guardrail: GuardrailSummary, _ paint: Paint) -> [String] {
        let isRatio = guardrail.limit == "at_most_ratio"
        let limit =
            isRatio
            ? "at most \(NumberText.decimal(guardrail.limitValue, 2)) times control"
            : "at most \(NumberText.points(guardrail.limitValue).trimmingPlus) points over control"
        var text = "\(guardrail.arm), \(guardrail.metric) \(limit)"
        if let c = guardrail.control, let t = guardrail.treatment {
            text +=
                isRatio
                ? ": \(amount(t)) against \(amount(c))"
                : ": \(NumberText.percent(t, decimals: 2)) against \(NumberText.percent(c, decimals: 2))"
        }
        text += guardrail.lackingText
        return marked(guardrail.state.rawValue, text, paint.guardrail(guardrail.state))
    }

    private func amount(_ value: Double) -> String { NumberText.decimal(value, abs(value) < 100 ? 1 : 0) }

    private func checkLines(_ check: CheckSummary, _ paint: Paint) -> [String] {
        let subject = check.arm.map { "\(check.check) of \($0)" } ?? check.check
        return marked(check.state.rawValue, "\(subject): \(check.detail)", paint.check(check.state))
    }

    /// A state in a column of its own, painted after it was padded, then the wrapped text.
    private func marked(_ state: String, _ text: String, _ paint: (String) -> String) -> [String] {
        let column = 11
        let padded = state + String(repeating: " ", count: max(1, column - state.count))
        var lines = "  \(padded)\(text)".wrapped(to: Self.tableWidth, hanging: column + 2)
        let prefix = "  \(state)"
        if let first = lines.first, first.hasPrefix(prefix) {
            lines[0] = "  \(paint(state))\(first.dropFirst(prefix.count))"
        }
        return lines
    }
}

extension String {
    fileprivate var trimmingPlus: String { hasPrefix("+") ? String(dropFirst()) : self }
}

extension GuardrailSummary {
    /// Why nothing is settled yet, in brackets: what is lacking, or between which bounds the truth may lie.
    var lackingText: String {
        if !missing.isEmpty { return " (\(missing.joined(separator: "; ")))" }
        guard state == .undecided, let lower, let upper else { return "" }
        if metric == Guardrail.Metric.failureRate.rawValue {
            return
                " (between \(NumberText.points(lower)) and \(NumberText.points(upper)) points from the limit)"
        }
        let unit = metric == Guardrail.Metric.computeTokens.rawValue ? "tokens" : "ms"
        return
            " (between \(NumberText.signed(lower, 1)) and \(NumberText.signed(upper, 1)) \(unit) from the limit)"
    }
}

/// Colours by meaning: green lets pass, yellow asks for patience, red stops.
private struct Paint {
    private enum Colour: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    let isOn: Bool

    private func painted(_ text: String, _ colour: Colour, isBold: Bool = false) -> String {
        isOn ? "\u{1B}[\(isBold ? "1;" : "")\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    func verdict(_ verdict: VerdictSummary) -> String {
        let arm = verdict.arm.map { " (\($0))" } ?? ""
        let text = "Verdict: \(verdict.decision.rawValue)\(arm)"
        switch verdict.decision {
        case .go: return painted(text, .green, isBold: true)
        case .wait: return painted(text, .yellow, isBold: true)
        case .noGo: return painted(text, .red, isBold: true)
        }
    }

    func guardrail(_ state: GuardrailSummary.State) -> (String) -> String {
        switch state {
        case .inside: { painted($0, .green) }
        case .undecided: { painted($0, .yellow) }
        case .broken: { painted($0, .red) }
        }
    }

    func check(_ state: CheckSummary.State) -> (String) -> String {
        switch state {
        case .ok: { painted($0, .green) }
        case .warning, .unknown: { painted($0, .yellow) }
        case .unsound: { painted($0, .red) }
        }
    }
}
