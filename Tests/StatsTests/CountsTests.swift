import Stats
import Testing

@Suite struct CountsTests {
    @Test func `no trials have no rate`() {
        let none = Counts(successes: 0, trials: 0)
        #expect(none.rate == nil)
        #expect(none.estimate == nil)
    }

    @Test func `one subject has no variance to speak of`() {
        #expect(Moments(count: 1, sum: 3, sumOfSquares: 9).estimate == nil)
        var sums = SubjectSums()
        sums.add(requests: 4, successes: 2, cost: 7)
        #expect(sums.successRate == nil)
        #expect(sums.netBenefit(valuePerSuccess: 1) == nil)
    }

    @Test func `moments added one by one equal moments given as sums`() throws {
        var moments = Moments()
        for value in [1.0, 2.0, 4.0] { moments.add(value) }
        #expect(moments == Moments(count: 3, sum: 7, sumOfSquares: 21))
        let estimate = try #require(moments.estimate)
        #expect(abs(estimate.variance - (7.0 / 3) / 3) < 1e-12)
    }

    @Test func `a minimum names what is missing and how much there is`() {
        let minimum = MinimumCounts(subjects: 100, successes: 10, failures: 10)
        let shortfalls = minimum.shortfalls(subjects: 120, successes: 112, failures: 8)
        #expect(shortfalls == [MinimumCounts.Shortfall(kind: .failures, have: 8, need: 10)])
        #expect(minimum.shortfalls(subjects: 100, successes: 10, failures: 10).isEmpty)
        #expect(minimum.shortfalls(subjects: 99).map(\.kind) == [.subjects])
    }

    @Test func `a sample ratio check keeps its evidence when shares change`() {
        var check = SampleRatioCheck(shares: [0.5, 0.5])
        check.add([600, 400])
        let evidence = check.logEvidence
        check.startEpoch(shares: [0.9, 0.1])
        #expect(check.logEvidence == evidence)
        check.add([90, 10])
        #expect(abs(check.logEvidence - evidence) < 3)
        #expect(check.isMismatch)
    }
}
