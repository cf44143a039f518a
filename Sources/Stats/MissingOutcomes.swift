/// Whether outcomes are missing more often in one arm, and what that could do to the effect.
///
/// Outcomes that are missing for reasons linked to the arm (users of a slow arm leave without a word) make the
/// complete cases lie. The difference of missing rates gets a confidence sequence, and the success difference
/// is bounded by letting every missing outcome fall against the treatment (worst) or for it (best), after
/// Manski. Counts are of subjects whose outcome window has closed: a late outcome is not a missing one.
public struct MissingOutcomes: Sendable, Hashable {
    /// One arm's subjects: assigned, those known to have succeeded, and those without an outcome.
    public struct ArmCounts: Sendable, Hashable {
        public var assigned: Int
        public var successes: Int
        public var missing: Int

        public init(assigned: Int, successes: Int, missing: Int) {
            precondition(
                successes >= 0 && missing >= 0 && successes + missing <= assigned,
                "\(successes) successes and \(missing) missing do not fit in \(assigned) assigned"
            )
            self.assigned = assigned
            self.successes = successes
            self.missing = missing
        }

        fileprivate var missingCounts: Counts { Counts(successes: missing, trials: assigned) }
        fileprivate var complete: Counts { Counts(successes: successes, trials: assigned - missing) }
        fileprivate var missingFailed: Counts { Counts(successes: successes, trials: assigned) }
        fileprivate var missingSucceeded: Counts { Counts(successes: successes + missing, trials: assigned) }
    }

    /// Difference of missing rates, treatment minus control.
    public var missingRateDifference: Estimate
    public var completeCases: Estimate
    /// Missing treatment outcomes counted as failures, missing control outcomes as successes.
    public var worstCase: Estimate
    /// The reverse.
    public var bestCase: Estimate

    /// Nil while an arm has no outcome at all.
    public init?(control: ArmCounts, treatment: ArmCounts) {
        func difference(_ c: Counts, _ t: Counts) -> Estimate? {
            guard let c = c.estimate, let t = t.estimate else { return nil }
            return Comparison(control: c, treatment: t).difference
        }
        guard let missing = difference(control.missingCounts, treatment.missingCounts),
            let complete = difference(control.complete, treatment.complete),
            let worst = difference(control.missingSucceeded, treatment.missingFailed),
            let best = difference(control.missingFailed, treatment.missingSucceeded)
        else { return nil }
        missingRateDifference = missing
        completeCases = complete
        worstCase = worst
        bestCase = best
    }
}
