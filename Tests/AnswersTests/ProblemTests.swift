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

    private func decode(_ line: String) throws -> Problem {
        try JSONDecoder().decode(Problem.self, from: Data(line.utf8))
    }
}
