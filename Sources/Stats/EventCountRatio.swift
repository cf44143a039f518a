#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An exact anytime test of equal event rates in two arms, from counts of events alone.
///
/// Given x_C + x_T events, x_T is binomial with θ_T = ρ_T·e^D/(ρ_C + ρ_T·e^D), D the log ratio of the rates and
/// ρ the assignment probabilities, whatever course the shared rate takes over time. With a = kρ_C, b = kρ_T:
/// ln e(D) = ln B(a + x_C, b + x_T) − ln B(a, b) − x_C·ln θ_C − x_T·ln θ_T.
/// Exact at any count and split, so it may stop a bad rollout within seconds. Count a subject's first failure
/// only: repeated failures of one subject are not independent. Source: Lindon, Malek, NeurIPS 2022.
public struct EventCountRatio: Sendable, Hashable {
    public let alpha: Double
    private let controlShare: Double
    private let treatmentShare: Double
    private let priorStrength: Double

    /// Shares are normalised to sum to one. `priorStrength` is k: larger expects smaller differences.
    public init(alpha: Double, controlShare: Double, treatmentShare: Double, priorStrength: Double) {
        precondition(alpha > 0 && alpha < 1, "alpha must lie between 0 and 1, not \(alpha)")
        precondition(
            controlShare > 0 && treatmentShare > 0 && priorStrength > 0,
            "shares and prior must be positive, not \(controlShare), \(treatmentShare), \(priorStrength)"
        )
        self.alpha = alpha
        self.controlShare = controlShare / (controlShare + treatmentShare)
        self.treatmentShare = treatmentShare / (controlShare + treatmentShare)
        self.priorStrength = priorStrength
    }

    /// ln e at the log rate ratio `logRatio`.
    public func logEvidence(control: Int, treatment: Int, logRatio: Double = 0) -> Double {
        let a = priorStrength * controlShare
        let b = priorStrength * treatmentShare
        let xC = Double(control)
        let xT = Double(treatment)
        // ln θ without forming e^D, which overflows: ln(ρ_C + ρ_T·e^D) as a log-sum-exp.
        let c = log(controlShare)
        let t = log(treatmentShare) + logRatio
        let total = max(c, t) + log1p(exp(-abs(c - t)))
        return logBeta(a + xC, b + xT) - logBeta(a, b) - xC * (c - total) - xT * (t - total)
    }

    /// The anytime p-value of equal rates, min(1, 1/e).
    public func pValue(control: Int, treatment: Int) -> Double {
        min(1, exp(-logEvidence(control: control, treatment: treatment)))
    }

    /// The confidence sequence for ln(rate_T/rate_C); an end is infinite while its arm has no event.
    public func logRatioInterval(control: Int, treatment: Int) -> Interval {
        guard control + treatment > 0 else { return .unbounded }
        let threshold = -log(alpha)
        let holds = { logEvidence(control: control, treatment: treatment, logRatio: $0) < threshold }
        // The most likely ratio always holds. With no event in an arm it is infinite: walk towards it instead.
        let odds = log(controlShare / treatmentShare)
        var start = odds + log(max(Double(treatment), 0.5) / max(Double(control), 0.5))
        while !holds(start) { start += treatment == 0 ? -1 : 1 }
        let lower = treatment == 0 ? -.infinity : end(from: start, direction: -1, holds: holds)
        let upper = control == 0 ? .infinity : end(from: start, direction: 1, holds: holds)
        return Interval(lower: lower, upper: upper)
    }

    /// How many times the control's rate the treatment's is at least; 0 where nothing is proven.
    public func leastRatio(control: Int, treatment: Int) -> Double {
        exp(logRatioInterval(control: control, treatment: treatment).lower)
    }

    private func end(from start: Double, direction: Double, holds: (Double) -> Bool) -> Double {
        var step = 1.0
        while holds(start + direction * step) && step < 1e6 { step *= 2 }
        return boundary(inside: start, outside: start + direction * step, holds: holds)
    }
}
