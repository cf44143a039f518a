import Foundation
import Testing

@testable import Answers

@Suite struct ProblemTests {
    @Test func `a line with numbers is a puzzle and a line with an answer is not`() throws {
        let puzzle = try decode(#"{"prompt": "p", "numbers": [1, 2, 3], "target": 6}"#)
        #expect(puzzle.expected == .puzzle(Puzzle(numbers: [1, 2, 3], target: 6)))
        #expect(try decode(#"{"prompt": "p", "answer": "Paris"}"#).expected == .answer("Paris"))
    }

    @Test(arguments: [("7", "7.0"), ("1,000", "1000"), (" Paris. ", "paris"), ("0.50", ".5")])
    func `answers compare as numbers or trimmed text`(answer: String, wanted: String) {
        #expect(Problem(prompt: "", expected: .answer(wanted)).accepts(answer), "\(answer) against \(wanted)")
    }

    @Test(arguments: [("7", "8"), ("", "7"), ("London", "Paris"), ("nan", "7")])
    func `different answers differ`(answer: String, wanted: String) {
        #expect(
            !Problem(prompt: "", expected: .answer(wanted)).accepts(answer),
            "\(answer) against \(wanted)"
        )
    }

    @Test(arguments: [
        "{}", #"{"prompt": "p"}"#, #"{"prompt": "p", "numbers": [1, 2]}"#, #"{"prompt": 1, "answer": "x"}"#,
    ])
    func `a line without a prompt or a way to check it is refused`(line: String) {
        #expect(throws: DecodingError.self) { try decode(line) }
    }

    @Test func `the generator repeats itself and makes solvable puzzles of the trained size`() {
        var first = PuzzleGenerator(random: SplitMix64(seed: 7))
        var second = PuzzleGenerator(random: SplitMix64(seed: 7))
        for _ in 0..<1_000 {
            let problem = first.next()
            #expect(problem == second.next())
            guard case .puzzle(let puzzle) = problem.expected else {
                Issue.record("not a puzzle: \(problem)")
                return
            }
            #expect((3...4).contains(puzzle.numbers.count) && (10...100).contains(puzzle.target), "\(puzzle)")
        }
    }

    /// Computed with the training code's `held_out`.
    @Test(arguments: [
        ([3, 8, 8, 9], 24, false), ([19, 3, 7, 11], 18, false), ([19, 18, 5], 57, true),
        ([14, 10, 14, 17], 59, true), ([1, 9, 20, 6], 99, true),
    ])
    func `a puzzle is held out where the training code says so`(numbers: [Int], target: Int, isHeldOut: Bool)
    {
        #expect(Puzzle(numbers: numbers, target: target).isHeldOut == isHeldOut, "\(numbers) \(target)")
    }

    private func decode(_ line: String) throws -> Problem {
        try JSONDecoder().decode(Problem.self, from: Data(line.utf8))
    }
}
