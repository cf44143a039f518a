/// Successes among trials, where each trial is one subject.
public struct Counts: Sendable, Hashable {
    public var successes: Int
    public var trials: Int

    public init(successes: Int, trials: Int) {
        precondition(
            successes >= 0 && successes <= trials,
            "\(successes) successes do not fit in \(trials) trials"
        )
        self.successes = successes
        self.trials = trials
    }

    public var failures: Int { trials - successes }

    /// Successes per trial; nil without trials.
    public var rate: Double? { trials == 0 ? nil : Double(successes) / Double(trials) }

    /// The rate with variance p(1−p)/n, without the n−1 correction; nil without trials.
    ///
    /// Assumes independent trials: with several requests per subject use `SubjectSums` instead.
    public var estimate: Estimate? {
        rate.map { Estimate(value: $0, variance: $0 * (1 - $0) / Double(trials), subjects: trials) }
    }

    public static func + (a: Counts, b: Counts) -> Counts {
        Counts(successes: a.successes + b.successes, trials: a.trials + b.trials)
    }
}
