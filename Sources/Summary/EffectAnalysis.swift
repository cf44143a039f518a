import Policy
import Stats
import Store

/// The difference of one metric between a treatment arm and control, as shown and as decided on.
struct EffectAnalysis {
    /// An estimate with its anytime interval, or what is missing for one.
    struct Side {
        var difference: Estimate?
        /// Unbounded until both arms hold the minimum.
        var interval = Interval.unbounded
        var pValue: Double?
        var control: OutcomeFigures
        var treatment: OutcomeFigures
        var missing: [String]

        var subjects: Int { control.subjects + treatment.subjects }
    }

    let arm: Arm
    let metric: MetricRule
    let population: Population
    let soFar: Side
    let decided: Side

    /// The level is shared among the arms that are compared with control (Bonferroni).
    init(
        arm: Arm,
        metric: MetricRule,
        judged: JudgedPolicy,
        observations: [ArmID: ArmObservations],
        window: OutcomeWindow
    ) {
        self.arm = arm
        self.metric = metric
        population = window.population(of: Array(observations.values))
        func side(_ population: Population) -> Side {
            func figures(_ id: ArmID) -> OutcomeFigures {
                OutcomeFigures(observations[id].map { window.subjects(of: $0, in: population) } ?? [])
            }
            return Self.side(
                control: figures(judged.policy.control.id),
                treatment: figures(arm.id),
                arm: arm,
                judged: judged
            )
        }
        soFar = side(.everyone)
        decided = population == .everyone ? soFar : side(.closedWindows)
    }

    private static func side(
        control: OutcomeFigures,
        treatment: OutcomeFigures,
        arm: Arm,
        judged: JudgedPolicy
    ) -> Side {
        let missing =
            control.missing(judged.minimum, arm: judged.policy.control.id)
            + treatment.missing(judged.minimum, arm: arm.id)
        var side = Side(control: control, treatment: treatment, missing: missing)
        guard let c = control.estimate, let t = treatment.estimate else { return side }
        let difference = Comparison(control: c, treatment: t).difference
        side.difference = difference
        guard missing.isEmpty else { return side }
        let comparisons = judged.treatments.count
        let sequence = judged.sequence.dividingAlpha(by: comparisons)
        side.interval = sequence.interval(for: difference)
        // Adjusted like α, so that p ≤ α exactly when the interval excludes zero.
        side.pValue = min(1, sequence.pValue(for: difference) * Double(comparisons))
        if !side.interval.isBounded {
            side.missing = ["all subjects behaved alike, so there is no spread to judge by"]
        }
        return side
    }

    /// The interval in the direction in which more is better.
    var improvement: Interval {
        switch metric.better {
        case .higher: decided.interval
        case .lower: Interval(lower: -decided.interval.upper, upper: -decided.interval.lower)
        }
    }

    func summary(isPrimary: Bool) -> EffectSummary {
        EffectSummary(
            arm: arm.id.rawValue,
            metric: metric.name.rawValue,
            primary: isPrimary,
            controlRate: soFar.control.rate,
            treatmentRate: soFar.treatment.rate,
            difference: soFar.difference?.value,
            lower: soFar.interval.lower,
            upper: soFar.interval.upper,
            pValue: soFar.pValue,
            subjects: soFar.subjects,
            missing: soFar.missing,
            decidedOn: EffectSummary.DecidedOn(
                population: population,
                difference: decided.difference?.value,
                lower: decided.interval.lower,
                upper: decided.interval.upper,
                pValue: decided.pValue,
                subjects: decided.subjects,
                missing: decided.missing
            )
        )
    }
}
