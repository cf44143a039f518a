import Policy
import Summary

/// How `explain` lays an explanation out: who was asked, what came of it, then the draw.
struct ExplanationText {
    let explanation: Explanation
    let terminal: Terminal

    var text: String {
        guard let trace = explanation.trace else {
            return lines(
                asked + [
                    "", "No policy covers the request, so it is refused. Add a policy whose match does.",
                ]
            )
        }
        return lines(asked + [""] + aside + facts(trace) + table(trace))
    }

    private func lines(_ lines: [String]) -> String { lines.joined(separator: "\n") }

    private var asked: [String] {
        let width = explanation.asked.map { $0.policy.rawValue.count }.max() ?? 0
        let fileWidth = explanation.asked.map(\.file.count).max() ?? 0
        return ["Policies asked, in this order:"]
            + explanation.asked.map { asked in
                "  " + asked.policy.rawValue.padded(width) + "  " + asked.file.padded(fileWidth)
                    + "  priority " + "\(asked.priority)".padded(7) + "  \(answer(asked))"
            }
    }

    private func answer(_ asked: Explanation.Asked) -> String {
        guard asked.covers else { return "no: " + reasons(asked) }
        guard let traffic = asked.traffic else { return "covers the request" }
        return traffic.isAdmitted == nil ? "covers some: \(traffic)" : "covers the request: \(traffic)"
    }

    private func reasons(_ asked: Explanation.Asked) -> String {
        asked.unmet.map(\.description).joined(separator: "; ")
    }

    /// Said where `--policy` asks for what the gateway would not do.
    private var aside: [String] {
        guard let explained = explanation.explained, !explanation.isDecisive else { return [] }
        let decider = explanation.decider.map { "Policy \($0)" } ?? "No policy"
        let unmet = explained.covers ? "" : ", which does not cover it: \(reasons(explained))"
        let text = "\(decider) gets the request. What follows is by \(explained.policy) alone\(unmet)."
        return text.wrapped(to: Self.width, hanging: 2) + [""]
    }

    /// As wide as a summary.
    private static let width = 100

    private func facts(_ trace: AssignmentTrace) -> [String] {
        let facts: [(name: String, value: String)] =
            switch trace.result {
            case .failure(let refusal): [("refused", refusal.description)]
            case .success(let assignment):
                [
                    ("subject", subject(trace)), ("override", override(trace)),
                    ("arm", arm(trace, assignment)),
                    ("mode", mode(trace, assignment)), ("analysis", analysis(assignment)),
                ] + shadow(trace, assignment)
            }
        let file = explanation.explained.map { ", \($0.file)" } ?? ""
        return [terminal.styled("Policy \(trace.policy.id)@\(trace.policy.version)", .bold) + file]
            + facts.map { "  " + terminal.styled($0.name.padded(10), .dim) + $0.value }
    }

    private func subject(_ trace: AssignmentTrace) -> String {
        guard let subject = trace.subject, let source = trace.source, source != .request else {
            let sources = trace.policy.subject.from.map(\.description).joined(separator: ", ")
            return "the request itself: nothing in \(sources)"
        }
        return "\(subject.rawValue), from \(source), with digest \(subject.digest)"
    }

    private func override(_ trace: AssignmentTrace) -> String {
        guard let override = trace.override else {
            return trace.policy.overrides.isEmpty ? "none" : "none applies"
        }
        return override.conditions.map(\.description).joined(separator: " and ")
    }

    private func arm(_ trace: AssignmentTrace, _ assignment: Assignment) -> String {
        if trace.isDealtAnew { return "dealt anew for each request, by the shares" }
        return
            "\(assignment.arm.id), \(trace.override == nil ? "whose key is the smallest" : "by the override")"
    }

    private func mode(_ trace: AssignmentTrace, _ assignment: Assignment) -> String {
        let wish = trace.effort.map { "; the request asks for \($0.rawValue), \(rule(of: trace))" } ?? ""
        if trace.isDealtAnew { return "what the arm serves" + wish }
        if assignment.served == assignment.assigned { return words(assignment.served) + wish }
        return "\(words(assignment.served)) in place of \(words(assignment.assigned))" + wish
    }

    /// What decides about a client's effort.
    private func rule(of trace: AssignmentTrace) -> String {
        trace.override == nil
            ? "client_effort: \(trace.policy.clientEffort.rawValue)" : "which an override outranks"
    }

    private func analysis(_ assignment: Assignment) -> String {
        switch assignment.excludedBecause {
        case nil: "counted"
        case .override: "left out, because an override chose the arm"
        case .retry: "left out, because the first attempt counts"
        case .clientEffort:
            "left out, because this effort changes what some arm serves, be it another than the request's"
        }
    }

    /// Whether such a request would have a shadow; the draw itself is by an id that it gets when it comes.
    private func shadow(_ trace: AssignmentTrace, _ assignment: Assignment) -> [(name: String, value: String)]
    {
        guard let rule = trace.policy.shadow else { return [] }
        let chance = "\(rule.share) of such requests run again in mode \(words(rule.mode)), unseen"
        if trace.isDealtAnew, assignment.excludedBecause == nil {
            let arms = rule.arms.map(\.rawValue).joined(separator: ", ")
            return [("shadow", "if the arm is one of \(arms): \(chance)")]
        }
        switch trace.policy.shadowing(of: assignment) {
        case .none: return []
        case .excluded: return [("shadow", "none, because the request is left out of the analysis")]
        case .otherArm: return [("shadow", "none, because it takes other arms' requests")]
        case .sameMode: return [("shadow", "none, because the request is served in mode \(rule.mode.name)")]
        case .eligible: return [("shadow", chance)]
        }
    }

    private func words(_ mode: Mode) -> String { "\(mode.name) (k=\(mode.k))" }

    private func table(_ trace: AssignmentTrace) -> [String] {
        guard case .success = trace.result else { return [] }
        let dealing = trace.shownDealing
        var table = TextTable(["Arm", "Share", "Mode", "Served", "Draw u", "-ln(u)/share"])
        for arm in trace.policy.arms {
            let draw = dealing?.draws.first { $0.arm == arm }
            table.add([
                dealing?.winner == arm ? "\(arm.id) ◀" : "\(arm.id)", "\(arm.share)", words(arm.mode),
                words(trace.served(by: arm)), draw.map { $0.fraction.fixed(6) } ?? "–",
                draw.map { $0.key.fixed(6) } ?? "–",
            ])
        }
        let isIdle = dealing != nil && trace.override != nil
        return [""] + table.lines.map { "  " + $0 }
            + (isIdle ? ["  The override made this draw count for nothing."] : [])
    }
}
