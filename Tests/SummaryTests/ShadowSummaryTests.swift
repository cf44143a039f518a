import Policy
import Stats
import Store
import Testing

@testable import Summary

@Suite struct ShadowSummaryTests {
    private func pair(
        _ subject: Int64,
        agrees: Bool? = true,
        live: Double? = 0.5,
        shadow: Double? = 0.75,
        milliseconds: Double = 100
    ) -> ShadowPair {
        ShadowPair(
            subject: SubjectNumber(rawValue: subject),
            agrees: agrees,
            live: .init(score: live, candidateTokens: 100, milliseconds: milliseconds),
            shadow: .init(score: shadow, candidateTokens: 1_200, milliseconds: 3 * milliseconds)
        )
    }

    private func summary(_ pairs: [ShadowPair]) throws -> ShadowSummary {
        var observed = ShadowObservations(arm: "low", mode: "high")
        observed.ended = [.completed: pairs.count, .deadline: 2]
        observed.open = 1
        observed.pairs = pairs
        return ShadowSummary(observed, judged: try JudgedPolicy(.example()))
    }

    @Test func `both sides are means and quantiles over the same pairs`() throws {
        let summary = try summary((1...20).map { pair(Int64($0), milliseconds: Double($0) * 10) })
        #expect(summary.arm == "low" && summary.mode == "low" && summary.shadowMode == "high")
        #expect(summary.pairs == 20 && summary.subjects == 20)
        #expect(summary.live == .init(score: 0.5, candidateTokens: 100, latencyP50Ms: 100, latencyP95Ms: 190))
        #expect(
            summary.shadow == .init(score: 0.75, candidateTokens: 1_200, latencyP50Ms: 300, latencyP95Ms: 570)
        )
        #expect(
            summary.states == ["completed": 20, "deadline": 2, "rejected": 0, "failed": 0, "open": 1]
        )
    }

    @Test func `scores are compared only where both have one`() throws {
        let summary = try summary([
            pair(1), pair(2, live: nil, shadow: 0.1), pair(3, live: 0.1, shadow: nil),
        ])
        #expect(summary.live.score == 0.5 && summary.shadow.score == 0.75)
        let none = try self.summary([pair(1, live: nil, shadow: nil)])
        #expect(none.live.score == nil && none.shadow.score == nil)
    }

    @Test func `answers that say nothing are not compared`() throws {
        let agreement = try summary([pair(1), pair(2, agrees: nil), pair(3, agrees: false)]).agreement
        #expect(agreement.compared == 2 && agreement.rate == 0.5)
    }

    @Test func `agreement has an interval by subject once there are enough of both kinds`() throws {
        let pairs = (0..<200).map { pair(Int64($0), agrees: $0 < 150) }
        let agreement = try summary(pairs).agreement
        let estimate = try #require(Counts(successes: 150, trials: 200).estimate)
        let expected = try JudgedPolicy(.example()).sequence.interval(for: estimate)
        #expect(agreement.rate == 0.75 && agreement.missing.isEmpty)
        #expect(agreement.lower == expected.lower && agreement.upper == expected.upper)
        #expect(expected.isBounded && expected.contains(0.75))
    }

    @Test func `a subject's pairs are no more than one subject's`() throws {
        let each = (0..<120).map { pair(Int64($0), agrees: $0 < 60) }
        let one = try summary(each).agreement
        let five = try summary(Array(repeating: each, count: 5).flatMap(\.self)).agreement
        let widths = [one, five].compactMap { one in
            one.upper.flatMap { upper in one.lower.map { upper - $0 } }
        }
        try #require(widths.count == 2)
        #expect(five.compared == 600 && five.rate == 0.5)
        #expect(abs(widths[1] / widths[0] - 1) < 0.01, "five times the pairs tell no more: \(widths)")
    }

    @Test(arguments: [(99, 50), (100, 9), (100, 91)])
    func `below the minimum there is no interval, and what is lacking is said`(subjects: Int, same: Int)
        throws
    {
        let agreement = try summary((0..<subjects).map { pair(Int64($0), agrees: $0 < same) }).agreement
        #expect(agreement.lower == nil && agreement.upper == nil && agreement.missing.count == 1)
    }

    @Test func `an interval of a rate stays between 0 and 1`() throws {
        let agreement = try summary((0..<110).map { pair(Int64($0), agrees: $0 < 100) }).agreement
        #expect(agreement.upper == 1 && agreement.lower.map { $0 > 0 } == true, "\(agreement)")
    }

    @Test func `without pairs nothing is invented`() throws {
        let summary = try summary([])
        #expect(summary.live == .init(score: nil, candidateTokens: nil, latencyP50Ms: nil, latencyP95Ms: nil))
        #expect(summary.agreement.rate == nil && summary.agreement.lower == nil)
        var report = try report(.example(), [])
        #expect(!report.table().contains("\nShadow\n"))
        report.shadows = [summary]
        #expect(
            report.table().contains("low, low against high: no answers to compare yet"),
            "\(report.table())"
        )
    }

    @Test func `a record's shadows come into its arms, of the shown version alone`() async throws {
        let traffic = try RecordedTraffic()
        let old = try SplitPolicy.example(shares: ["low": "90%", "medium": "10%"])
        let policy = try SplitPolicy.example()
        try await traffic.remember([old, policy])
        for (version, arm) in [(old, "low"), (policy, "medium"), (policy, "low")] as [(SplitPolicy, ArmID)] {
            try await traffic.request(version, arm, "ann", shadow: "high")
        }
        let before = try traffic.summary().report(asOf: muchLater)
        #expect(before.shadows.map(\.arm) == ["low", "medium"], "control first")
        #expect(
            before.shadows.map(\.pairs) == [1, 1] && before.shadows.map(\.shadowMode) == ["high", "high"]
        )
        #expect(before.arms.map(\.requests) == [1, 1] && before.arms.map(\.candidateTokens) == [10, 10])
        #expect(before.arms.map { $0.states["completed"] } == [1, 1])
    }

    @Test func `shadows change nothing else in a report`() throws {
        let recipes = [ArmRecipe(arm: "low"), ArmRecipe(arm: "medium", successes: 850)]
        let plain = try report(.example(), recipes)
        var shadowed = try report(.example(), recipes, shadows: [.example(arm: "low", pairs: 300)])
        #expect(shadowed.shadows.count == 1)
        shadowed.shadows = []
        #expect(shadowed == plain)
    }
}

extension ShadowObservations {
    /// Of five subjects four get the same answer; each has one pair.
    static func example(arm: ArmID, pairs: Int) -> ShadowObservations {
        var observed = ShadowObservations(arm: arm, mode: "high")
        observed.ended = [.completed: pairs, .rejected: 3]
        observed.pairs = (0..<pairs).map { index in
            let spread = 0.5 + Double(index % 10) / 10
            return ShadowPair(
                subject: SubjectNumber(rawValue: Int64(index)),
                agrees: index % 5 > 0,
                live: .init(score: 0.25, candidateTokens: 200 * spread, milliseconds: 240 * spread),
                shadow: .init(score: 0.5, candidateTokens: 3_400 * spread, milliseconds: 1_500 * spread)
            )
        }
        return observed
    }
}
