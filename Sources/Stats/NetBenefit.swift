/// Whether a treatment's extra success is worth its extra cost.
///
/// Decide on net benefit NB = λ·Δq − Δk (q successes per request, k cost per request, λ value per success).
/// The ratios Δq/Δk and Δk/Δq are reported only: they explode near a zero denominator, so their bound is an
/// anytime Fieller set, which may be unbounded and says so.
public struct NetBenefit: Sendable, Hashable {
    public var successDifference: Double
    public var costDifference: Double
    public var difference: Estimate
    public var interval: Interval
    /// Cost per extra success; nil when the sequence cannot exclude a zero difference in success.
    public var costPerExtraSuccess: Interval?

    /// Nil until each arm has two subjects with requests.
    public init?(
        control: SubjectSums,
        treatment: SubjectSums,
        valuePerSuccess: Double,
        sequence: ConfidenceSequence
    ) {
        guard let qC = control.successRate, let qT = treatment.successRate,
            let kC = control.costPerRequest, let kT = treatment.costPerRequest,
            let covC = control.covarianceOfSuccessAndCost, let covT = treatment.covarianceOfSuccessAndCost,
            let nbC = control.netBenefit(valuePerSuccess: valuePerSuccess),
            let nbT = treatment.netBenefit(valuePerSuccess: valuePerSuccess)
        else { return nil }
        let success = Comparison(control: qC, treatment: qT).difference
        let cost = Comparison(control: kC, treatment: kT).difference
        successDifference = success.value
        costDifference = cost.value
        difference = Comparison(control: nbC, treatment: nbT).difference
        interval = sequence.interval(for: difference)
        costPerExtraSuccess = Self.fieller(
            cost: cost,
            success: success,
            covariance: covC + covT,
            multiplier: sequence.multiplier(subjects: success.subjects)
        )
    }

    /// Extra success per unit of extra cost; nil at equal cost.
    public var successPerCost: Double? { costDifference == 0 ? nil : successDifference / costDifference }

    /// Extra cost per extra success; nil at equal success.
    public var costPerSuccess: Double? { successDifference == 0 ? nil : costDifference / successDifference }

    /// {R : (Δk − RΔq)² ≤ m²(v_k − 2R·cov + R²·v_q)} when it is a bounded interval, else nil.
    private static func fieller(
        cost: Estimate,
        success: Estimate,
        covariance: Double,
        multiplier: Double
    ) -> Interval? {
        let m2 = multiplier * multiplier
        let a = success.value * success.value - m2 * success.variance
        let b = cost.value * success.value - m2 * covariance
        let c = cost.value * cost.value - m2 * cost.variance
        let discriminant = b * b - a * c
        guard a > 0, discriminant >= 0 else { return nil }
        let root = discriminant.squareRoot()
        return Interval(lower: (b - root) / a, upper: (b + root) / a)
    }
}
