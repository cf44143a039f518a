import Crypto

/// Makes solvable puzzles in everyday wording that the built-in model was not trained on.
///
/// The same generator makes the same puzzles.
/// The target is the result of random legal play over the drawn numbers, so every puzzle has a solution.
/// Ranges are those the built-in model was trained on: three or four numbers from 1 to 20, targets from 10
/// to 100, intermediate results up to 200.
public struct PuzzleGenerator<Random: RandomNumberGenerator> {
    private var random: Random

    public init(random: Random) {
        self.random = random
    }

    public mutating func next() -> Problem {
        let puzzle = puzzle()
        let numbers = puzzle.numbers.map(String.init)
        let list = numbers.dropLast().joined(separator: ", ")
        let last = numbers.last ?? ""
        let prompts = [
            "Use \(list) and \(last) to make \(puzzle.target).",
            "Make \(puzzle.target) from \(numbers.joined(separator: " ")).",
            "How can I reach \(puzzle.target) with \(list) and \(last)?",
        ]
        let prompt = prompts[Int.random(in: prompts.indices, using: &random)]
        return Problem(prompt: prompt, expected: .puzzle(puzzle))
    }

    private mutating func puzzle() -> Puzzle {
        while true {
            let count = Int.random(in: 3...4, using: &random)
            let numbers = (0..<count).map { _ in Int.random(in: 1...20, using: &random) }
            guard let target = play(numbers), (10...100).contains(target) else { continue }
            let puzzle = Puzzle(numbers: numbers, target: target)
            if puzzle.isHeldOut { return puzzle }
        }
    }

    /// Combines random pairs until one number is left; nil when a step leaves the allowed range.
    private mutating func play(_ numbers: [Int]) -> Int? {
        var left = numbers.shuffled(using: &random)
        while left.count > 1 {
            let (a, b) = (left.removeLast(), left.removeLast())
            var results = [a + b, a * b, a - b]
            if b != 0, a % b == 0 { results.append(a / b) }
            let result = results[Int.random(in: results.indices, using: &random)]
            guard (0...200).contains(result) else { return nil }
            left.insert(result, at: Int.random(in: 0...left.count, using: &random))
        }
        return left.first
    }
}

extension Puzzle {
    /// Whether the puzzle belongs to the one in ten that training left out, by a hash of its content.
    ///
    /// The same rule as `held_out` in the training code.
    var isHeldOut: Bool {
        let key = "[" + numbers.sorted().map(String.init).joined(separator: ", ") + "]=\(target)"
        return SHA256.hash(data: Array(key.utf8)).prefix(1).allSatisfy { $0 % 10 == 0 }
    }
}
