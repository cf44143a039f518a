/// A make-a-target puzzle: combine every number exactly once with + − × ÷ to reach the target.
///
/// Puzzles are the task of the built-in model because a proposed solution is checked exactly and in
/// microseconds, so an outcome is a fact rather than an opinion.
public struct Puzzle: Sendable, Hashable {
    public let numbers: [Int]
    public let target: Int

    public init(numbers: [Int], target: Int) {
        self.numbers = numbers
        self.target = target
    }

    /// Whether the text solves the puzzle.
    ///
    /// Two notations count. A chain, `8-3=5, 5*9=45, 45-8=37`, spends two available numbers a link and
    /// makes their result available; it must end with the target as the only number left. An expression,
    /// `(8-3)*9-8`, must use each number once and be worth the target; a trailing `= 37` is allowed.
    /// Prose around either is not: an answer that has to be searched for is not an answer.
    public func isSolved(by text: String) -> Bool {
        guard let tokens = ArithmeticToken.scan(text), !tokens.isEmpty else { return false }
        return isSolved(byChain: tokens) || isSolved(byExpression: tokens)
    }

    private func isSolved(byChain tokens: [ArithmeticToken]) -> Bool {
        var available = numbers
        for link in tokens.split(separator: .comma, omittingEmptySubsequences: false) {
            guard link.count == 5 || link.count == 6,
                case .number(let left) = link[link.startIndex],
                case .operation(let operation) = link[link.startIndex + 1],
                case .number(let right) = link[link.startIndex + 2],
                link[link.startIndex + 3] == .equals,
                let claimed = ArithmeticToken.signedNumber(link.dropFirst(4)),
                available.removeFirst(left), available.removeFirst(right),
                operation.apply(Rational(left), Rational(right)) == Rational(claimed)
            else { return false }
            available.append(claimed)
        }
        return available == [target]
    }

    private func isSolved(byExpression tokens: [ArithmeticToken]) -> Bool {
        var body = tokens[...]
        if let equals = body.lastIndex(of: .equals) {
            guard ArithmeticToken.signedNumber(body[(equals + 1)...]) == target else { return false }
            body = body[..<equals]
        }
        var parser = ExpressionParser(tokens: body)
        guard let value = parser.value() else { return false }
        return value == Rational(target) && parser.literals.sorted() == numbers.sorted()
    }
}

extension Array where Element: Equatable {
    /// Removes one occurrence and says whether there was one.
    fileprivate mutating func removeFirst(_ element: Element) -> Bool {
        guard let index = firstIndex(of: element) else { return false }
        remove(at: index)
        return true
    }
}
