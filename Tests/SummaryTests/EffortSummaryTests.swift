import Policy
import Store
import Testing

@testable import Summary

@Suite struct EffortSummaryTests {
    private func arm(_ select: SelectionRule) -> Arm {
        let mode = Mode(name: "some", k: 4, select: select)
        return Arm(id: "low", share: Share(basisPoints: 10_000), mode: mode, isControl: true)
    }

    private var nested: ArmEffort {
        var effort = ArmEffort()
        var sums = NestedSums()
        (sums.requests, sums.expectedScore, sums.pickScore, sums.sameAnswer) = (4, 2, 3, 1)
        effort.nested = [8: sums, 2: sums]
        return effort
    }

    @Test func `picks among fewer are means over their requests, fewest first`() {
        let summary = EffortSummary(arm(.bestScore), nested)
        let mean = NestedSummary(
            candidates: 2,
            requests: 4,
            expectedScore: 0.5,
            pickScore: 0.75,
            sameAnswer: 0.25
        )
        #expect(summary.nested.first == mean)
        #expect(summary.nested.map(\.candidates) == [2, 8])
    }

    @Test func `an adaptive arm has nothing nested, for only its hard requests ran to the end`() {
        let adaptive = Arm(id: "auto", share: Share(basisPoints: 5_000), mode: .auto, isControl: false)
        #expect(EffortSummary(adaptive, nested).nested.isEmpty)
    }

    @Test(arguments: SelectionRule.allCases.filter { $0 != .bestScore })
    func `an arm that doesn't pick by best score has nothing nested`(select: SelectionRule) {
        #expect(EffortSummary(arm(select), nested).nested.isEmpty)
    }

    @Test func `without requests every share is unknown`() {
        let summary = EffortSummary(arm(.bestScore), ArmEffort())
        #expect(summary.candidates == nil && summary.prunedShare == nil && summary.winnerCutShare == nil)
        #expect(summary.cachedPromptShare == nil && !summary.saysSomething)
        #expect(summary.stoppedBy == ["agreement": 0, "budget": 0, "confidence": 0, "deadline": 0])
    }

    @Test func `a record's efforts come into its arms, of the shown version alone`() async throws {
        let traffic = try RecordedTraffic()
        let old = try SplitPolicy.example(shares: ["low": "90%", "medium": "10%"])
        let policy = try SplitPolicy.example()
        try await traffic.remember([old, policy])
        for version in [old, policy] {
            try await traffic.request(version, "medium", "ann") { completion in
                completion.candidates = [0.25, 0.75, 0.5, 0.5].map { RecordedCandidate(score: $0) }
                completion.candidates[3].end = .pruned
                completion.candidates[3].cutAtStep = 1
                completion.winner = 1
                completion.stoppedBy = .confidence
                completion.compute.cachedTokens = 2
            }
        }
        let arms = try traffic.summary().report(asOf: muchLater).arms
        let medium = try #require(arms.last?.effort)
        #expect(arms.map(\.arm) == ["low", "medium"] && arms.first?.effort.saysSomething == false)
        #expect(medium.requests == 1 && medium.candidates == 4 && medium.prunedShare == 0.25)
        #expect(medium.stoppedBy["confidence"] == 1 && medium.cachedPromptShare == 0.4)
        #expect(medium.audited == 0 && medium.winnerCutShare == nil && medium.nested.isEmpty)
    }
}
