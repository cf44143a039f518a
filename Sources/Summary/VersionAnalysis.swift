import Policy
import Stats
import Store

/// Turns one version's observations into a report; no reading, no clock.
struct VersionAnalysis {
    let judged: JudgedPolicy
    /// By metric, then by arm; every metric of the policy.
    let observations: [MetricName: [ArmID: ArmObservations]]
    let efforts: [ArmID: ArmEffort]
    let shadows: [ShadowObservations]
    let now: Timestamp

    func report(versions: [VersionSummary], notes: [String]) -> SummaryReport {
        let primary = observations[judged.metric.name] ?? [:]
        let window = OutcomeWindow(window: judged.metric.window, now: now)
        let soundness = SoundnessChecks(judged: judged, observations: primary, window: window)
        let effects = judged.metrics.flatMap { metric in
            judged.treatments.map { arm in
                EffectAnalysis(
                    arm: arm,
                    metric: metric,
                    judged: judged,
                    observations: observations[metric.name] ?? [:],
                    window: OutcomeWindow(window: metric.window, now: now)
                )
            }
        }
        let guardrails = judged.treatments.flatMap { arm in
            judged.rule.guardrails.map {
                GuardrailAnalysis($0, arm: arm, judged: judged, observations: primary)
            }
        }
        let verdict = verdict(
            effects: effects,
            guardrails: guardrails,
            soundness: soundness,
            primary: primary
        )
        let controlTokens = primary[judged.policy.control.id]?.meanCandidateTokens
        return SummaryReport(
            policy: judged.policy.id.rawValue,
            version: judged.policy.version.rawValue,
            asOf: now.iso8601,
            alpha: judged.rule.alpha,
            metric: judged.metric.name.rawValue,
            verdict: verdict,
            arms: judged.arms.map {
                ArmSummary($0, primary[$0.id], efforts[$0.id], controlTokens: controlTokens)
            },
            effects: effects.map { $0.summary(isPrimary: $0.metric.name == judged.metric.name) },
            guardrails: guardrails.map(\.summary),
            checks: soundness.checks,
            shadows: shadowSummaries,
            versions: versions,
            notes: notes
        )
    }

    /// In the arms' order, of each its shadows by their mode.
    private var shadowSummaries: [ShadowSummary] {
        judged.arms.flatMap { arm in
            shadows.filter { $0.arm == arm.id }.sorted { $0.mode < $1.mode }.map {
                ShadowSummary($0, judged: judged)
            }
        }
    }

    private func verdict(
        effects: [EffectAnalysis],
        guardrails: [GuardrailAnalysis],
        soundness: SoundnessChecks,
        primary: [ArmID: ArmObservations]
    ) -> VerdictSummary {
        let reasons = effects.filter { $0.metric.name == judged.metric.name }.map { effect in
            VerdictReasons(
                judged: judged,
                effect: effect,
                guardrails: guardrails.filter { $0.arm.id == effect.arm.id },
                objections: soundness.objections(to: effect.arm.id),
                observedMilliseconds: span(of: primary, arm: effect.arm.id)
            )
        }
        guard !reasons.isEmpty else {
            let reason = "the policy has one arm, so there is nothing to compare and nothing to decide"
            return VerdictSummary(decision: .wait, reasons: [reason], byArm: [])
        }
        guard judged.decides else {
            let reason =
                "the policy has no decide section, so nothing was fixed to decide by; add one for a verdict"
            return VerdictSummary(decision: .wait, reasons: [reason], byArm: [])
        }
        return VerdictSummary(reasons)
    }

    private func span(of primary: [ArmID: ArmObservations], arm: ArmID) -> Double {
        let both = [primary[judged.policy.control.id], primary[arm]].compactMap { $0 }
        guard let first = both.compactMap(\.firstAssigned).min(),
            let last = both.compactMap(\.lastAssigned).max()
        else { return 0 }
        return Double(last.millisecondsSinceEpoch - first.millisecondsSinceEpoch)
    }
}
