import Stats
import Testing

@Suite struct SequencePropertyTests {
    private let sequence = ConfidenceSequence(alpha: 0.05, plannedSubjects: 2_000)

    private func comparison(_ control: Counts, _ treatment: Counts) throws -> Comparison {
        Comparison(control: try #require(control.estimate), treatment: try #require(treatment.estimate))
    }

    @Test func `swapping the arms negates the difference and mirrors its interval`() throws {
        let a = Counts(successes: 850, trials: 1_000)
        let b = Counts(successes: 900, trials: 1_100)
        let there = sequence.interval(for: try comparison(a, b).difference)
        let back = sequence.interval(for: try comparison(b, a).difference)
        #expect(abs(there.lower + back.upper) < 1e-12)
        #expect(abs(there.upper + back.lower) < 1e-12)
    }

    @Test func `an interval excludes exactly the hypotheses whose p-value is below alpha`() throws {
        let difference = try comparison(
            Counts(successes: 700, trials: 1_000),
            Counts(successes: 800, trials: 1_000)
        ).difference
        let interval = sequence.interval(for: difference)
        #expect(abs(sequence.pValue(for: difference, hypothesis: interval.lower) - 0.05) < 1e-9)
        #expect(abs(sequence.pValue(for: difference, hypothesis: interval.upper) - 0.05) < 1e-9)
        #expect(sequence.pValue(for: difference, hypothesis: interval.lower - 0.001) < 0.05)
    }

    @Test func `two arms without a single failure have no interval rather than a certain one`() throws {
        let perfect = Counts(successes: 500, trials: 500)
        let difference = try comparison(perfect, perfect).difference
        #expect(sequence.interval(for: difference) == .unbounded)
        #expect(sequence.pValue(for: difference) == 1)
    }

    @Test func `the exact sequence bounds a rate from the first subject on`() {
        let exact = BetaBinomialSequence(alpha: 0.05)
        #expect(exact.interval(for: Counts(successes: 0, trials: 0)) == Interval(lower: 0, upper: 1))
        let one = exact.interval(for: Counts(successes: 1, trials: 1))
        #expect(one.lower > 0 && one.upper == 1)
    }

    @Test func `many requests of one kind of subject count as clusters, not as evidence`() throws {
        var single = SubjectSums()
        var repeated = SubjectSums()
        for subject in 0..<200 {
            let success = subject.isMultiple(of: 4) ? 0.0 : 1.0
            single.add(requests: 1, successes: success)
            repeated.add(requests: 50, successes: 50 * success)
        }
        let once = try #require(single.successRate)
        let often = try #require(repeated.successRate)
        #expect(abs(once.variance - often.variance) < 1e-12)
        let effect = try #require(repeated.clusterEffect)
        #expect(abs(effect.designEffect - 50 * 200 / 199) < 1e-9)
    }

    @Test func `subjects that all behave alike have zero variance despite rounding`() throws {
        var sums = SubjectSums()
        for size in 1...500 { sums.add(requests: Double(3 * size), successes: Double(size)) }
        #expect(try #require(sums.successRate).variance == 0)
    }

    @Test func `strata without subjects have no estimate`() {
        #expect(Estimate.stratified([]) == nil)
    }
}
