/// One quantity in a treatment arm beside the same quantity in control; independent arms.
///
/// Differences are treatment minus control throughout the project.
public struct Comparison: Sendable, Hashable {
    public var control: Estimate
    public var treatment: Estimate

    public init(control: Estimate, treatment: Estimate) {
        self.control = control
        self.treatment = treatment
    }

    /// m_T − m_C with variance v_T + v_C.
    public var difference: Estimate { excess(overIncrease: 0) }

    /// m_T/m_C − 1 by the delta method, v_T/m_C² + v_C·m_T²/m_C⁴; nil when the control is zero.
    ///
    /// For display only: the noisy control sits in the denominator, so limits are checked by `excess` instead.
    public var relativeLift: Estimate? {
        guard control.value != 0 else { return nil }
        let c = control.value
        let ratio = treatment.value / c
        return Estimate(
            value: ratio - 1,
            variance: (treatment.variance + control.variance * ratio * ratio) / (c * c),
            subjects: subjects
        )
    }

    /// How far the treatment lies above `limit` × control: m_T − r·m_C, variance v_T + r²·v_C.
    ///
    /// A guardrail `at_most_ratio` is inside when an interval for this lies below zero and broken when it lies
    /// above. A linear contrast has no denominator to be noisy.
    public func excess(overRatio limit: Double) -> Estimate {
        Estimate(
            value: treatment.value - limit * control.value,
            variance: treatment.variance + limit * limit * control.variance,
            subjects: subjects
        )
    }

    /// How far the treatment lies above control + `limit`: m_T − m_C − d.
    public func excess(overIncrease limit: Double) -> Estimate {
        Estimate(
            value: treatment.value - control.value - limit,
            variance: treatment.variance + control.variance,
            subjects: subjects
        )
    }

    private var subjects: Int { control.subjects + treatment.subjects }
}

extension Estimate {
    /// The average of estimates made inside strata, weighted by their subjects: Σ w_e·x_e, w_e = n_e/n.
    ///
    /// Stages of a ramp have different shares, so pooling them would compare one period's control with another
    /// period's treatment (Simpson's paradox: −0.7 points became −18.5 in a reference vector). Each stage is
    /// compared within itself and only the comparisons are combined. Variance Σ w_e²·v_e; nil without strata.
    public static func stratified(_ strata: [Estimate]) -> Estimate? {
        let subjects = strata.reduce(0) { $0 + $1.subjects }
        guard subjects > 0 else { return nil }
        var value = 0.0
        var variance = 0.0
        for stratum in strata {
            let weight = Double(stratum.subjects) / Double(subjects)
            value += weight * stratum.value
            variance += weight * weight * stratum.variance
        }
        return Estimate(value: value, variance: variance, subjects: subjects)
    }
}
