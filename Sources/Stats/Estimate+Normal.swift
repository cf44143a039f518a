extension Estimate {
    /// The normal interval of the estimated quantity, for a sample whose size was fixed beforehand.
    ///
    /// value ± z·se. It rests on the central limit theorem: for the mean of fewer than some thirty values, or of
    /// very skewed ones, it is too narrow. Chosen over a bootstrap because it needs sums only and no seed to replay.
    /// It is not anytime-valid: use it offline, where nobody stops at a lucky moment.
    ///
    /// - Parameter z: the normal quantile of the two-sided level, 1.96 for 95 %.
    public func normalInterval(z: Double = 1.959_963_984_540_054) -> Interval {
        Interval(lower: value - z * standardError, upper: value + z * standardError)
    }
}
