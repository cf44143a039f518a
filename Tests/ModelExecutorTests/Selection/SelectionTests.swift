import ModelExecutor
import Testing

struct SelectionTests {
    private func standings(
        _ rows: [(score: Double?, logProbability: Double, isComplete: Bool, answer: String?)]
    ) -> [Standing] {
        rows.enumerated().map { index, row in
            Standing(
                index: index,
                isComplete: row.isComplete,
                score: row.score,
                logProbability: row.logProbability,
                vote: row.answer.flatMap { AnswerKey($0) }
            )
        }
    }

    @Test func `each rule picks by its own measure`() {
        let all = standings([
            (0.5, -9, true, "1"), (0.7, -5, true, "2"), (0.4, -1, true, "1"), (0.1, -7, true, "1"),
            (0.9, -8, true, "2"),
        ])
        #expect(Selection.first.winner(among: all) == 0)
        #expect(Selection.bestScore.winner(among: all) == 4)
        #expect(Selection.likelihood.winner(among: all) == 2)
        // Three say 1, and 0.5 is the best of them; scores of 2 add up to 1.6 against 1.0.
        #expect(Selection.majority.winner(among: all) == 0)
        #expect(Selection.weightedVote.winner(among: all) == 4)
    }

    @Test(arguments: Selection.allCases)
    func `the lowest index wins ties`(selection: Selection) {
        let tied = standings([
            (0.5, -1, true, "a"), (0.5, -1, true, "a"), (0.5, -1, true, "b"), (0.5, -1, true, "b"),
        ])
        #expect(selection.winner(among: tied) == 0)
        #expect(selection.winner(among: tied.reversed()) == 0)
        #expect(selection.winner(among: []) == nil)
    }

    @Test func `a truncated candidate wins only when all are`() {
        let mixed = standings([(0.9, -1, false, nil), (0.1, -9, true, nil)])
        #expect(Selection.bestScore.winner(among: mixed) == 1)
        #expect(Selection.likelihood.winner(among: mixed) == 1)
        #expect(Selection.majority.winner(among: mixed) == 1)
        #expect(Selection.first.winner(among: mixed) == 0)
        let truncated = standings([(0.1, -9, false, nil), (0.9, -1, false, nil)])
        #expect(Selection.bestScore.winner(among: truncated) == 1)
    }

    @Test func `without two equal answers the best score decides a vote`() {
        let free = standings([(0.2, -1, true, "one"), (0.8, -2, true, "two"), (0.9, -3, true, nil)])
        #expect(Selection.majority.winner(among: free) == 1)
        #expect(Selection.weightedVote.winner(among: free) == 1)
        let unscored = standings([(nil, -1, true, "one"), (nil, -2, true, "two")])
        #expect(Selection.majority.winner(among: unscored) == 0)
    }

    @Test(arguments: [
        ("24", "24"), (" 24. ", "24"), ("24.0", "24"), ("+024.50", "24.5"), ("-0", "0"), ("-3", "-3"),
        ("1,024", "1024"),
        ("$1,024.50$", "1024.5"), (".5", "0.5"), ("0.0000000000000000001", "0.0000000000000000001"),
        ("so \\boxed{1} then \\boxed{24}", "24"), ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("**Yes**", "yes"),
        ("because\nAnswer: 7\n", "7"), ("**answer:** B", "b"), ("Two  words\nhere", "two words here"),
        ("1,02", "1,02"),
        ("\\boxed{open", "\\boxed{open"), ("19-11=8, 11+7=18", "19-11=8, 11+7=18"), ("1.2.3", "1.2.3"),
    ])
    func `answers that mean the same have one key`(answer: String, key: String) {
        #expect(AnswerKey(answer)?.text == key)
    }

    @Test(arguments: ["", "  \n", "**", "."])
    func `an answer that says nothing has no vote`(answer: String) {
        #expect(AnswerKey(answer) == nil)
    }
}
