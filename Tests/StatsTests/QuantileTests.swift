import Stats
import Testing

@Suite struct QuantileTests {
    private let sequence = ConfidenceSequence(alpha: 0.05, plannedSubjects: 200)

    @Test func `a p99 over few requests has no upper bound instead of the sample's maximum`() throws {
        let values = (1...150).map { [Double($0)] }
        let quantile = try #require(ClusteredQuantile(0.99, of: values, sequence: sequence))
        #expect(quantile.value == 149)
        #expect(quantile.interval.upper == .infinity)
        #expect(quantile.interval.lower < 149)
    }

    @Test func `requests that never finished raise a quantile instead of vanishing`() throws {
        var values = (1...200).map { [Double($0)] }
        let before = try #require(ClusteredQuantile(0.5, of: values, sequence: sequence))
        values += (1...100).map { _ in [Double.infinity] }
        let after = try #require(ClusteredQuantile(0.5, of: values, sequence: sequence))
        #expect(before.value == 100)
        #expect(after.value == 150)
        values += (1...200).map { _ in [Double.infinity] }
        #expect(try #require(ClusteredQuantile(0.5, of: values, sequence: sequence)).value == .infinity)
    }

    @Test func `one subject alone bounds nothing`() throws {
        let quantile = try #require(ClusteredQuantile(0.5, of: [[1, 2, 3, 4, 5]], sequence: sequence))
        #expect(quantile.value == 3)
        #expect(quantile.interval.upper == .infinity)
    }

    @Test func `no observations have no quantile`() {
        #expect(ClusteredQuantile(0.5, of: [[], []], sequence: sequence) == nil)
    }

    @Test func `an unbounded arm leaves the ratio limit undecided`() {
        let control = Interval(lower: 100, upper: 120)
        let open = Interval(lower: 110, upper: .infinity)
        let slow = ClusteredQuantile.excess(control: control, treatment: open, overRatio: 1.5)
        #expect(slow == Interval(lower: -70, upper: .infinity))
        let lost = Interval(lower: .infinity, upper: .infinity)
        let both = ClusteredQuantile.excess(control: lost, treatment: lost, overRatio: 1.5)
        #expect(both == .unbounded)
    }
}
