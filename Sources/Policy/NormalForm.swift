internal import Crypto

/// The one text of all documents that mean the same: what a policy's version is computed from.
///
/// Keys stand in a fixed order, every default is written out, names and free text are quoted, sets are
/// sorted. It is itself a document, and reads back as the same policy.
struct NormalForm {
    let text: String

    init(_ parts: PolicyParts) {
        var lines = ["policy: \(NormalForm.quote(parts.id.rawValue))", "priority: \(parts.priority)"]
        lines += NormalForm.match(parts.match)
        let sources = NormalForm.list(parts.subject.from.map { NormalForm.quote($0.description) })
        lines.append("subject: {from: \(sources), otherwise: \(parts.subject.otherwise.rawValue)}")
        lines.append("salt: \(NormalForm.quote(parts.salt))")
        lines.append("client_effort: \(parts.clientEffort.rawValue)")
        lines.append("blind: \(parts.isBlind)")
        lines.append("arms:")
        lines += parts.arms.map(NormalForm.arm)
        lines += NormalForm.block("modes:", parts.modes.map(NormalForm.mode))
        lines += NormalForm.block("overrides:", parts.overrides.map(NormalForm.override))
        lines.append(NormalForm.limits(parts.limits))
        lines += NormalForm.block("metrics:", parts.metrics.map(NormalForm.metric))
        if let decide = parts.decide { lines += NormalForm.decide(decide) }
        if let rollout = parts.rollout { lines += NormalForm.rollout(rollout) }
        if let review = parts.review { lines.append(NormalForm.review(review)) }
        if parts.capture != .none { lines.append("capture: {prompts: \(parts.capture.rawValue)}") }
        if let shadow = parts.shadow { lines.append(NormalForm.shadow(shadow)) }
        text = lines.joined(separator: "\n") + "\n"
    }

    static func version(of text: String) -> PolicyVersion {
        PolicyVersion(rawValue: String(hex(SHA256.hash(data: Array(text.utf8))).prefix(12)))
    }

    private static func block(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : [title] + lines
    }

    private static func match(_ match: Match) -> [String] {
        var lines: [String] = []
        if !match.models.isEmpty { lines.append("  models: \(patterns(match.models))") }
        if !match.headers.isEmpty { lines.append("  headers: \(headers(match.headers))") }
        if !match.tags.isEmpty { lines.append("  tags: \(patterns(match.tags))") }
        if match.traffic != .whole { lines.append("  traffic: \(match.traffic)") }
        return block("match:", lines)
    }

    private static func headers(_ headers: [String: [TextPattern]]) -> String {
        let sorted = headers.sorted { $0.key < $1.key }
        return "{" + sorted.map { "\(quote($0.key)): \(patterns($0.value))" }.joined(separator: ", ") + "}"
    }

    private static func arm(_ arm: Arm) -> String {
        let values = "share: \(arm.share), mode: \(quote(arm.mode.name.rawValue)), control: \(arm.isControl)"
        return "  \(quote(arm.id.rawValue)): {\(values)}"
    }

    private static func mode(_ mode: Mode) -> String {
        var values = ["k: \(mode.k)", "select: \(mode.select.rawValue)"]
        if let temperature = mode.temperature { values.append("temperature: \(decimal(temperature))") }
        if let topP = mode.topP { values.append("top_p: \(decimal(topP))") }
        if let topK = mode.topK { values.append("top_k: \(topK)") }
        if let penalty = mode.repetitionPenalty { values.append("repetition_penalty: \(decimal(penalty))") }
        if let prune = mode.prune {
            values.append(
                "prune: {keep: \(decimal(prune.keep)), after_steps: \(prune.afterSteps), audit: \(prune.audit)}"
            )
        }
        if let adaptive = mode.adaptive {
            let stages = list(adaptive.stages.map(String.init))
            values.append("adaptive: {stages: \(stages), confidence: \(decimal(adaptive.confidence))}")
        }
        switch mode.search {
        case .beam(let width, let steps):
            values.append("search: {beam: {width: \(width), every_steps: \(steps)}}")
        case .mcts(let exploration, let parallel):
            values.append("search: {mcts: {exploration: \(decimal(exploration)), parallel: \(parallel)}}")
        case nil: break
        }
        if let budget = mode.tokenBudget { values.append("token_budget: \(budget)") }
        return "  \(quote(mode.name.rawValue)): {\(values.joined(separator: ", "))}"
    }

    private static func override(_ override: Override) -> String {
        let header = override.headers.isEmpty ? [] : ["header: \(headers(override.headers))"]
        let keys = override.keys.isEmpty ? [] : ["keys: \(patterns(override.keys))"]
        let arm = ["arm: \(quote(override.arm.rawValue))"]
        return "  - {\((header + keys + arm).joined(separator: ", "))}"
    }

    private static func limits(_ limits: Limits) -> String {
        "limits: {deadline: \(Units.text(limits.deadline)), max_tokens: \(limits.maxTokens), "
            + "on_overload: \(limits.onOverload.rawValue), queue: \(Units.text(limits.queue)), "
            + "tier: \(limits.tier.rawValue)}"
    }

    private static func metric(_ metric: MetricRule) -> String {
        "  \(quote(metric.name.rawValue)): {kind: \(metric.kind.rawValue), better: \(metric.better.rawValue), "
            + "window: \(Units.text(metric.window))}"
    }

    private static func decide(_ rule: DecideRule) -> [String] {
        let minimum = rule.minimum
        let guardrails = rule.guardrails.map { guardrail in
            let limit =
                switch guardrail.limit {
                case .atMostRatio(let ratio): "at_most_ratio: \(decimal(ratio))"
                case .atMostIncrease(let increase): "at_most_increase: \(increase)"
                }
            return "    - {metric: \(guardrail.metric.rawValue), \(limit)}"
        }
        return [
            "decide:",
            "  primary: {metric: \(quote(rule.primary.metric.rawValue)), margin: \(rule.primary.margin)}",
            "  alpha: \(decimal(rule.alpha))",
            "  planned_subjects: \(rule.plannedSubjects)",
            "  minimum: {subjects: \(minimum.subjects), successes: \(minimum.successes), "
                + "failures: \(minimum.failures)}",
        ] + block("  guardrails:", guardrails)
    }

    private static func rollout(_ rule: RolloutRule) -> [String] {
        let freeze = rule.freeze.map { window in
            "    - {days: \(list(window.days.map(\.rawValue))), from: \"\(Units.timeOfDay(window.from))\", "
                + "to: \"\(Units.timeOfDay(window.to))\"}"
        }
        return [
            "rollout:",
            "  arm: \(quote(rule.arm.rawValue))",
            "  stages: \(list(rule.stages.map(\.description)))",
            "  hold: {time: \(Units.text(rule.hold.time)), subjects: \(rule.hold.subjects)}",
            "  advance: \(rule.advance.rawValue)",
            "  on_no_go: \(rule.onNoGo.rawValue)",
        ] + block("  freeze:", freeze)
    }

    private static func review(_ rule: ReviewRule) -> String {
        let score = rule.scoreBelow.map { ["when_score_below: \(decimal($0))"] } ?? []
        let sample = rule.sample.map { ["sample: \($0)"] } ?? []
        return "review: {\((score + sample).joined(separator: ", "))}"
    }

    private static func shadow(_ rule: ShadowRule) -> String {
        "shadow: {mode: \(quote(rule.mode.name.rawValue)), share: \(rule.share), "
            + "arms: \(list(rule.arms.map { quote($0.rawValue) }))}"
    }

    /// The shortest text that reads back as the number, without an exponent.
    private static func decimal(_ value: Double) -> String {
        if value == 0 { return "0.0" }
        let text = "\(value)"
        let parts = text.split(separator: "e-")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
        return "0." + String(repeating: "0", count: exponent - 1) + parts[0].filter { $0 != "." }
    }

    private static func patterns(_ patterns: [TextPattern]) -> String {
        list(patterns.map { quote($0.description) })
    }

    private static func list(_ items: [String]) -> String {
        "[" + items.joined(separator: ", ") + "]"
    }

    /// A double-quoted scalar of YAML and of JSON.
    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
