extension Counts {
    /// The Wilson score interval of the success rate, for a sample whose size was fixed beforehand.
    ///
    /// (p̂ + z²/2n ± z √(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n). Unlike p̂ ± z·se it stays inside [0, 1] and keeps its
    /// level near 0 and 1. It is not anytime-valid: use it offline, where nobody stops at a lucky moment.
    ///
    /// - Parameter z: the normal quantile of the two-sided level, 1.96 for 95 %.
    /// - Returns: [0, 1] when there is no trial.
    /// - Source: Wilson 1927, JASA 22(158), 209–212.
    public func wilsonInterval(z: Double = 1.959_963_984_540_054) -> Interval {
        guard trials > 0 else { return Interval(lower: 0, upper: 1) }
        let n = Double(trials)
        let rate = Double(successes) / n
        let spread = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
        let centre = rate + z * z / (2 * n)
        let scale = 1 + z * z / n
        return Interval(lower: max(0, (centre - spread) / scale), upper: min(1, (centre + spread) / scale))
    }
}
