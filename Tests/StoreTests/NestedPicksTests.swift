import Testing

@testable import Store

@Suite struct NestedPicksTests {
    private static func candidate(_ score: Double?, _ digest: UInt32? = nil) -> RecordedCandidate {
        RecordedCandidate(score: score, thinkingTokens: 5, answerDigest: digest)
    }

    /// A request of four candidates whose second won.
    private static func completion(
        _ change: (inout CompletionRecord) -> Void = { _ in }
    ) -> CompletionRecord {
        let id = RequestID(key: 1, tail: 2)
        var completion = CompletionRecord(id: id, state: .completed, latency: .zero, winner: 1)
        completion.candidates = [candidate(0.2), candidate(0.8, 7), candidate(0.4), candidate(0.6)]
        change(&completion)
        return completion
    }

    @Test func `two of four candidates are worth what their six pairs are`() throws {
        let picks = try #require(NestedPicks(Self.completion()))
        // 0.8 in three pairs, 0.6 in two, 0.4 in one.
        #expect(abs(picks.two.expectedScore - (3 * 0.8 + 2 * 0.6 + 0.4) / 6) < 1e-12)
        #expect(abs(picks.two.sameAnswer - 0.5) < 1e-12)
        #expect(picks.eight == nil)
    }

    @Test func `a pick that gives the winner's answer counts as the same`() throws {
        let picks = try #require(NestedPicks(Self.completion { $0.candidates[3].answerDigest = 7 }))
        #expect(abs(picks.two.sameAnswer - 5.0 / 6) < 1e-12)
    }

    @Test func `a truncated candidate ranks last whatever it scored`() throws {
        let truncated = Self.completion {
            $0.candidates[0] = Self.candidate(0.9)
            $0.candidates[0].end = .length
        }
        let picks = try #require(NestedPicks(truncated))
        #expect(abs(picks.two.expectedScore - (3 * 0.8 + 2 * 0.6 + 0.4) / 6) < 1e-12)
    }

    @Test func `a winner whose answer grew too long has closed its thinking`() {
        let long = Self.completion {
            $0.candidates[1].end = .length
            $0.candidates[1].answerTokens = 9
        }
        #expect(NestedPicks(long)?.two.sameAnswer == 0.5)
    }

    @Test(
        arguments: [
            { $0.stoppedBy = .deadline }, { $0.candidates[0].end = .pruned },
            { $0.candidates[0].end = .cancelled }, { $0.candidates[0].isBranch = true },
            { $0.candidates[0].score = nil }, { $0.winner = nil }, { $0.winner = 3 },
            { $0.candidates.removeSubrange(2...) },
        ] as [@Sendable (inout CompletionRecord) -> Void]
    )
    func `a request whose candidates are not alike or whose pick is not the best tells nothing`(
        change: @Sendable (inout CompletionRecord) -> Void
    ) {
        #expect(NestedPicks(Self.completion(change)) == nil)
    }

    @Test func `eight candidates say what two do, nine what eight do`() throws {
        func picks(_ count: Int) -> NestedPicks? {
            NestedPicks(
                Self.completion {
                    $0.candidates = (0..<count).map { Self.candidate(1 - Double($0) / 100) }
                    $0.winner = 0
                }
            )
        }
        #expect(picks(8)?.eight == nil)
        let eight = try #require(picks(9)?.eight)
        // One in nine subsets lacks the best, and then has the second.
        #expect(abs(eight.sameAnswer - 8.0 / 9) < 1e-12)
        #expect(abs(eight.expectedScore - (8 * 1 + 0.99) / 9) < 1e-12)
    }

    @Test func `picks pack from the lowest bits up and read back within a 65 535th`() throws {
        var picks = try #require(NestedPicks(Self.completion()))
        picks.two = .init(expectedScore: 0, sameAnswer: 1)
        #expect(picks.packed == 0xffff_0000)
        #expect(NestedPicks(packed: picks.packed) == picks)
        picks.eight = .init(expectedScore: 0.25, sameAnswer: 0.9)
        let read = NestedPicks(packed: picks.packed)
        #expect(abs((read.eight?.expectedScore ?? 0) - 0.25) < 1e-5)
        #expect(abs((read.eight?.sameAnswer ?? 0) - 0.9) < 1e-5)
        #expect(picks.packed < 0, "the upmost bit is one of the last field's")
    }
}
