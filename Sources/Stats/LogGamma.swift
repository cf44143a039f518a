#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// ln Γ(x) for x > 0, safe to call from several threads at once.
///
/// Plain `lgamma` writes the global `signgam`, which is a data race; the reentrant form returns the sign
/// instead. Positive arguments always have sign +1, so it is dropped.
func logGamma(_ x: Double) -> Double {
    precondition(x > 0, "logGamma needs a positive argument, not \(x)")
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
}

/// ln B(a, b), the logarithm of Euler's beta function.
func logBeta(_ a: Double, _ b: Double) -> Double {
    logGamma(a) + logGamma(b) - logGamma(a + b)
}

/// ln B(a₁ … aₘ), the logarithm of the multivariate beta function: Σ ln Γ(aᵢ) − ln Γ(Σ aᵢ).
func logBeta(_ parameters: [Double]) -> Double {
    parameters.reduce(0) { $0 + logGamma($1) } - logGamma(parameters.reduce(0, +))
}

/// x·ln(p) with the limit 0 at x = 0, whatever p is.
func scaledLog(_ x: Double, _ p: Double) -> Double {
    x == 0 ? 0 : x * log(p)
}
