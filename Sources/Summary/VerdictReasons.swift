import Policy
import Stats
import Store

/// The verdict about one arm in plain words, with its numbers and with what is missing.
struct VerdictReasons {
    let judged: JudgedPolicy
    let effect: EffectAnalysis
    let guardrails: [GuardrailAnalysis]
    let objections: [String]
    /// From the first to the last assignment in either arm.
    let observedMilliseconds: Double

    var arm: ArmID { effect.arm.id }
    var margin: Double { judged.rule.primary.margin.fraction }

    var verdict: Verdict {
        Verdict(
            sound: objections.isEmpty,
            holdMet: true,
            guardrailExcesses: guardrails.map(\.interval),
            primary: effect.improvement,
            margin: margin
        )
    }

    var summary: VerdictSummary.ArmVerdict {
        let verdict = verdict
        return VerdictSummary.ArmVerdict(
            arm: arm.rawValue,
            decision: verdict.decision,
            rule: verdict.rule,
            reasons: reasons(for: verdict.rule)
        )
    }

    private func reasons(for rule: Verdict.Rule) -> [String] {
        switch rule {
        case .guardrailBroken: guardrails.filter { $0.state == .broken }.map(sentence)
        case .unsoundData: objections
        case .primaryOutside, .allInside: [primarySentence] + guardrails.map(sentence)
        case .hold, .undecided:
            undecidedPrimary + guardrails.filter { $0.state == .undecided }.map(sentence)
        }
    }

    /// What the primary metric says once it says something.
    private var primarySentence: String {
        let improvement = effect.improvement
        let relation =
            if improvement.lower > margin {
                margin < 0 ? "is not worse than \(control)'s beyond the margin" : "beats \(control)'s"
            } else {
                "is provably too low against \(control)'s"
            }
        return "\(arm): \(effect.metric.name) \(relation): \(numbers)"
    }

    /// What keeps the primary metric from deciding; empty when it would.
    private var undecidedPrimary: [String] {
        let waiting = effect.population == .closedWindows ? " (closed outcome windows only)" : ""
        guard effect.decided.missing.isEmpty else { return effect.decided.missing.map { $0 + waiting } }
        guard effect.improvement.lower <= margin else { return [] }
        return ["\(arm): \(effect.metric.name) does not yet beat \(control)'s: \(numbers)\(remaining)"]
    }

    private var control: ArmID { judged.policy.control.id }

    private var numbers: String {
        let side = effect.decided
        let bounds = (lower: side.interval.lower, upper: side.interval.upper)
        return "\(NumberText.points(side.difference?.value ?? 0)) points \(NumberText.points(bounds)), "
            + "margin \(NumberText.points(margin)), \(NumberText.count(side.subjects)) subjects"
    }

    /// How many more subjects today's effect would need, and how long they take at today's pace.
    ///
    /// The half-width shrinks with the root of the subjects (its multiplier hardly changes), so n·(half/gap)².
    private var remaining: String {
        let interval = effect.improvement
        let half = (interval.upper - interval.lower) / 2
        let gap = interval.lower + half - margin
        guard gap > 0, half.isFinite else { return "; as it stands more subjects would not help" }
        let subjects = Double(effect.decided.subjects)
        let more = subjects * (half * half / (gap * gap) - 1)
        guard more.isFinite, more < 1e9 else { return "; as it stands more subjects would not help" }
        let count = NumberText.count(Int(more.rounded(.up)))
        // Under a minute of traffic has no pace to speak of.
        guard observedMilliseconds >= 60_000 else { return "; about \(count) more if the effect stays" }
        let time = NumberText.span(milliseconds: more / subjects * observedMilliseconds)
        return "; about \(count) more if the effect stays, \(time) at today's traffic"
    }

    private func sentence(_ guardrail: GuardrailAnalysis) -> String {
        let name = guardrail.guardrail.metric.rawValue
        let limit =
            switch guardrail.guardrail.limit {
            case .atMostRatio(let ratio): "\(NumberText.decimal(ratio, 2)) times \(control)'s"
            case .atMostIncrease(let change): "\(control)'s plus \(change)"
            }
        let state =
            switch guardrail.state {
            case .inside: "is within"
            case .broken: "is provably above"
            case .undecided: "may be above or below"
            }
        let lacking = guardrail.summary.lackingText
        guard let c = guardrail.control, let t = guardrail.treatment else {
            return "\(arm): \(name) \(state) \(limit)\(lacking)"
        }
        let values = "\(value(t, guardrail)) against \(value(c, guardrail))"
        return "\(arm): \(name) \(state) \(limit): \(values)\(lacking)"
    }

    private func value(_ value: Double, _ guardrail: GuardrailAnalysis) -> String {
        switch guardrail.guardrail.metric {
        case .latencyP50, .latencyP95, .latencyP99:
            value.isFinite ? NumberText.milliseconds(value) + " ms" : "never (failed)"
        case .failureRate: NumberText.percent(value, decimals: 2)
        case .computeTokens: NumberText.decimal(value, 1) + " tokens"
        }
    }
}

extension VerdictSummary {
    /// One verdict over all arms.
    ///
    /// With several arms against one control any arm that passes is a go, for the one with the best provable
    /// effect: choosing it also stops the others. A broken guardrail of any arm is otherwise a no-go.
    init(_ all: [VerdictReasons]) {
        let byArm = all.map(\.summary)
        let go = all.filter { $0.verdict.decision == .go }.max {
            $0.effect.improvement.lower < $1.effect.improvement.lower
        }
        let broken = byArm.first { $0.rule == .guardrailBroken }
        let decision: Decision
        var arm: String?
        if let go {
            decision = .go
            arm = go.arm.rawValue
        } else if let broken {
            decision = .noGo
            arm = broken.arm
        } else {
            decision = byArm.allSatisfy { $0.decision == .noGo } ? .noGo : .wait
            arm = byArm.count == 1 ? byArm.first?.arm : nil
        }
        var reasons = byArm.filter { arm == nil || $0.arm == arm }.flatMap(\.reasons)
        for other in byArm where arm != nil && other.arm != arm {
            reasons.append("\(other.arm): \(other.decision.rawValue)")
        }
        // The same objection to two arms is one reason.
        var seen: Set<String> = []
        self.init(
            decision: decision,
            arm: arm,
            reasons: reasons.filter { seen.insert($0).inserted },
            byArm: byArm
        )
    }
}
