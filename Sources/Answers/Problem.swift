/// One line of a problem file: a prompt and how its answer is checked.
public struct Problem: Sendable, Equatable {
    public enum Expected: Sendable, Equatable {
        /// Solve this puzzle.
        case puzzle(Puzzle)
        /// Say this, compared as a number where both sides are one, else as trimmed text without case.
        case answer(String)
    }

    public let prompt: String
    public let expected: Expected

    public init(prompt: String, expected: Expected) {
        self.prompt = prompt
        self.expected = expected
    }

    /// Whether the model's answer is right.
    public func accepts(_ answer: String) -> Bool {
        switch expected {
        case .puzzle(let puzzle):
            puzzle.isSolved(by: answer)
        case .answer(let wanted):
            Self.normalForm(answer) == Self.normalForm(wanted)
        }
    }

    /// Trimmed, lower case, no full stop at the end; a number in its shortest form, so `7.0` equals `7`.
    private static func normalForm(_ text: String) -> String {
        var trimmed = text.lowercased()[...]
        while let last = trimmed.last, last.isWhitespace || last == "." { trimmed.removeLast() }
        while let first = trimmed.first, first.isWhitespace { trimmed.removeFirst() }
        let plain = trimmed.filter { $0 != "," && $0 != "$" }
        guard let number = Double(plain), number.isFinite else { return String(trimmed) }
        return number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }
}

extension Problem: Decodable {
    private enum CodingKeys: String, CodingKey {
        case prompt, answer, numbers, target
    }

    /// Reads `{"prompt", "answer"}` or `{"prompt", "numbers", "target"}`; anything else is refused.
    public init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        prompt = try line.decode(String.self, forKey: .prompt)
        if let numbers = try line.decodeIfPresent([Int].self, forKey: .numbers) {
            let target = try line.decode(Int.self, forKey: .target)
            expected = .puzzle(Puzzle(numbers: numbers, target: target))
        } else if let number = try? line.decode(Double.self, forKey: .answer) {
            expected = .answer(String(number))
        } else {
            expected = .answer(try line.decode(String.self, forKey: .answer))
        }
    }
}
