import Testing

@testable import Answers

@Suite struct PuzzleTests {
    static let puzzle = Puzzle(numbers: [3, 8, 8, 9], target: 24)

    @Test(arguments: [
        "8*9=72, 8-... ",
        "",
        "24",
        "3*8=24",
        "3*8=24, 9-8=1",
        "3*8=25, 9-8=1, 25-1=24",
        "8*8=64, 64-9=55, 55-3=52",
        "3*8",
        "(9-8/8)*3 = 25",
        "(9-8/8)*3 = 24 = 24",
        "(9-8/8)*3)",
        "(9-8)*3*8*8/8",
        "the answer is (9-8/8)*3",
        "3*8/(9-9)",
    ])
    func `a wrong or unreadable answer is not a solution`(answer: String) {
        #expect(!Self.puzzle.isSolved(by: answer), "accepted: \(answer)")
    }

    @Test(arguments: [
        "8/8=1, 9-1=8, 3*8=24",
        "9-8=1, 8*3=24, 24*1=24",
        "(9-8/8)*3",
        " ( 9 - 8 ÷ 8 ) × 3 = 24 ",
        "3*8*(9-8)=24",
    ])
    func `chains and expressions that use every number once are solutions`(answer: String) {
        #expect(Self.puzzle.isSolved(by: answer), "refused: \(answer)")
    }

    @Test func `fractions on the way are exact`() {
        #expect(Puzzle(numbers: [3, 3, 8, 8], target: 24).isSolved(by: "8/(3-8/3)"))
    }

    @Test func `a negative intermediate result may be spent`() {
        #expect(!Puzzle(numbers: [3, 8, 20], target: 15).isSolved(by: "3-8=5, 20-5=15"))
        #expect(Puzzle(numbers: [3, 8, 20], target: 15).isSolved(by: "3-8+20=15"))
    }

    @Test(arguments: [
        "9223372036854775807*9223372036854775807", "99999999999999999999999",
        String(repeating: "(", count: 2_000),
    ])
    func `absurd numbers and nesting are refused without a trap`(answer: String) {
        #expect(!Self.puzzle.isSolved(by: answer))
    }
}
