import Policy
import Testing

@Suite struct ModeRulesTests {
    private func mode(k: Int, _ select: SelectionRule, prune: PruneRule? = nil) -> Mode {
        Mode(name: "own", k: k, select: select, prune: prune)
    }

    @Test(arguments: [
        (64, [Mode.high, .medium, .low, .single]), (33, [.high, .medium, .low, .single]),
        (32, [.medium, .low, .single]), (9, [.medium, .low, .single]), (8, [.low, .single]),
        (3, [.low, .single]),
        (2, [.single]),
    ])
    func `a mode that uses scores falls to each smaller built-in mode, the largest first`(
        k: Int,
        expected: [Mode]
    ) {
        #expect(mode(k: k, .bestScore).fallbacks == expected)
        #expect(mode(k: k, .weightedVote).fallbacks == expected)
        // Its pruning ranks by scores, so a head is there.
        #expect(mode(k: k, .majority, prune: .standard).fallbacks == expected)
    }

    @Test func `an adaptive mode falls to less than its last stage`() {
        #expect(Mode.auto.fallbacks == [.medium, .low, .single])
    }

    @Test(arguments: [2, 8, 64])
    func `a mode that works without scores falls to the baseline alone`(k: Int) {
        #expect(mode(k: k, .majority).fallbacks == [.single])
        #expect(mode(k: k, .likelihood).fallbacks == [.single])
    }

    @Test func `the baseline has nothing to fall to`() {
        #expect(Mode.single.fallbacks.isEmpty)
    }

    @Test func `only a stop on a score asks what scores are worth`() {
        #expect(Mode.auto.needsCalibration)
        #expect(!Mode.high.needsCalibration)
        let voting = Mode(name: "own", k: 8, select: .majority, adaptive: Mode.auto.adaptive)
        #expect(!voting.needsCalibration && !voting.needsScores)
    }
}
