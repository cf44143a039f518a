import Stats
import TestSupport
import Testing

/// How often an experiment without any effect claims one, when it is looked at again and again.
@Suite struct RepeatedLooksTests {
    static let runs = 200
    static let seed: UInt64 = 20_261_123

    /// α plus three standard errors of a proportion over `runs`.
    static let allowed = 0.05 + 3 * (0.05 * 0.95 / Double(runs)).squareRoot()

    /// The fraction of A/A runs in which `claims` is true at any of the looks.
    private func falseAlarms(
        share: Double,
        rate: Double,
        subjects: Int,
        lookEvery: Int,
        claims: (Counts, Counts) -> Bool
    ) -> Double {
        var generator = SeededGenerator(seed: Self.seed)
        var alarms = 0
        for _ in 0..<Self.runs {
            var control = Counts(successes: 0, trials: 0)
            var treatment = control
            for subject in 1...subjects {
                let one = Counts(successes: generator.chance(rate) ? 1 : 0, trials: 1)
                if generator.chance(share) { treatment = treatment + one } else { control = control + one }
                if subject.isMultiple(of: lookEvery), claims(control, treatment) {
                    alarms += 1
                    break
                }
            }
        }
        return Double(alarms) / Double(Self.runs)
    }

    private func met(_ minimum: MinimumCounts, _ counts: Counts) -> Bool {
        minimum.shortfalls(subjects: counts.trials, successes: counts.successes, failures: counts.failures)
            .isEmpty
    }

    private func excludesZero(_ control: Counts, _ treatment: Counts) -> Bool {
        guard let c = control.estimate, let t = treatment.estimate else { return false }
        let sequence = ConfidenceSequence(alpha: 0.05, plannedSubjects: 2_000)
        return !sequence.interval(for: Comparison(control: c, treatment: t).difference).contains(0)
    }

    @Test(arguments: [(0.5, 0.8), (0.1, 0.9), (0.05, 0.98)])
    func `equal arms are told apart no more often than alpha over all looks`(share: Double, rate: Double) {
        let minimum = MinimumCounts()
        let alarms = falseAlarms(share: share, rate: rate, subjects: 3_000, lookEvery: 100) {
            control,
            treatment in
            met(minimum, control) && met(minimum, treatment) && excludesZero(control, treatment)
        }
        #expect(alarms <= Self.allowed, "\(alarms) false alarms at share \(share), seed \(Self.seed)")
    }

    @Test func `without minimum counts a small canary raises false alarms far beyond alpha`() {
        let alarms = falseAlarms(
            share: 0.02,
            rate: 0.98,
            subjects: 4_000,
            lookEvery: 50,
            claims: excludesZero
        )
        #expect(alarms > 0.3, "\(alarms) false alarms, seed \(Self.seed)")
    }

    @Test func `a fixed-sample test looked at repeatedly raises false alarms far beyond alpha`() {
        let alarms = falseAlarms(share: 0.5, rate: 0.8, subjects: 3_000, lookEvery: 100) {
            control,
            treatment in
            guard let c = control.estimate, let t = treatment.estimate else { return false }
            let difference = Comparison(control: c, treatment: t).difference
            return difference.variance > 0 && abs(difference.value) > 1.96 * difference.standardError
        }
        #expect(alarms > 0.15, "\(alarms) false alarms, seed \(Self.seed)")
    }

    @Test func `a sound split raises a sample ratio alarm no more often than its level over all looks`() {
        var generator = SeededGenerator(seed: Self.seed)
        var alarms = 0
        for _ in 0..<Self.runs {
            var check = SampleRatioCheck(shares: [0.9, 0.1], alpha: 0.05)
            for _ in 0..<40 where !check.isMismatch {
                let treatment = (0..<50).count { _ in generator.chance(0.1) }
                check.add([50 - treatment, treatment])
            }
            if check.isMismatch { alarms += 1 }
        }
        #expect(Double(alarms) / Double(Self.runs) <= Self.allowed, "\(alarms) alarms, seed \(Self.seed)")
    }

    @Test(arguments: [0.5, 0.9])
    func `equal failure rates are told apart no more often than alpha over all looks`(controlShare: Double) {
        var generator = SeededGenerator(seed: Self.seed)
        let ratio = EventCountRatio(
            alpha: 0.05,
            controlShare: controlShare,
            treatmentShare: 1 - controlShare,
            priorStrength: 20
        )
        var alarms = 0
        for _ in 0..<Self.runs {
            var control = 0
            var treatment = 0
            for _ in 0..<300 {
                if generator.chance(controlShare) { control += 1 } else { treatment += 1 }
                if ratio.pValue(control: control, treatment: treatment) <= 0.05 {
                    alarms += 1
                    break
                }
            }
        }
        #expect(Double(alarms) / Double(Self.runs) <= Self.allowed, "\(alarms) alarms, seed \(Self.seed)")
    }

    @Test func `subjects with many requests are told apart no more often than alpha over all looks`() {
        var generator = SeededGenerator(seed: Self.seed)
        let sequence = ConfidenceSequence(alpha: 0.05, plannedSubjects: 1_000)
        var alarms = 0
        for _ in 0..<100 {
            var arms = [SubjectSums(), SubjectSums()]
            for subject in 1...1_000 {
                let requests = Int.random(in: 1...30, using: &generator)
                let skill = Double.random(in: 0.4...1, using: &generator)
                let successes = (0..<requests).count { _ in generator.chance(skill) }
                arms[generator.chance(0.5) ? 1 : 0].add(
                    requests: Double(requests),
                    successes: Double(successes)
                )
                guard subject >= 250, subject.isMultiple(of: 50), let c = arms[0].successRate,
                    let t = arms[1].successRate
                else { continue }
                if !sequence.interval(for: Comparison(control: c, treatment: t).difference).contains(0) {
                    alarms += 1
                    break
                }
            }
        }
        #expect(Double(alarms) / 100 <= 0.05 + 3 * 0.0218, "\(alarms) alarms in 100, seed \(Self.seed)")
    }
}
