/// An exact fraction, since a solution such as 8/(3−8/3) passes through thirds.
///
/// Operations return nil on division by zero and on overflow, so hostile input cannot trap.
struct Rational: Equatable {
    let numerator: Int
    let denominator: Int

    init(_ value: Int) {
        numerator = value
        denominator = 1
    }

    private init?(reducing numerator: Int, _ denominator: Int) {
        guard denominator != 0, numerator != .min, denominator != .min else { return nil }
        var (a, b) = (abs(numerator), abs(denominator))
        while b != 0 { (a, b) = (b, a % b) }
        let sign = denominator < 0 ? -1 : 1
        self.numerator = sign * numerator / a
        self.denominator = sign * denominator / a
    }

    func adding(_ other: Rational, sign: Int) -> Rational? {
        let left = numerator.multipliedReportingOverflow(by: other.denominator)
        let right = (sign * other.numerator).multipliedReportingOverflow(by: denominator)
        let sum = left.partialValue.addingReportingOverflow(right.partialValue)
        let below = denominator.multipliedReportingOverflow(by: other.denominator)
        guard !left.overflow, !right.overflow, !sum.overflow, !below.overflow else { return nil }
        return Rational(reducing: sum.partialValue, below.partialValue)
    }

    func multiplied(by other: Rational) -> Rational? {
        let above = numerator.multipliedReportingOverflow(by: other.numerator)
        let below = denominator.multipliedReportingOverflow(by: other.denominator)
        guard !above.overflow, !below.overflow else { return nil }
        return Rational(reducing: above.partialValue, below.partialValue)
    }

    func divided(by other: Rational) -> Rational? {
        guard let inverse = Rational(reducing: other.denominator, other.numerator) else { return nil }
        return multiplied(by: inverse)
    }
}

enum Operation: Equatable {
    case add, subtract, multiply, divide

    func apply(_ left: Rational, _ right: Rational) -> Rational? {
        switch self {
        case .add: left.adding(right, sign: 1)
        case .subtract: left.adding(right, sign: -1)
        case .multiply: left.multiplied(by: right)
        case .divide: left.divided(by: right)
        }
    }
}

enum ArithmeticToken: Equatable {
    case number(Int), operation(Operation), open, close, equals, comma

    /// Longest text that is looked at; a model's answer to a puzzle is under 100 characters.
    static let maximumCharacters = 1_000

    /// The tokens of the text, or nil if anything in it is not arithmetic.
    static func scan(_ text: String) -> [ArithmeticToken]? {
        guard text.utf8.count <= maximumCharacters else { return nil }
        var tokens: [ArithmeticToken] = []
        var digits = ""
        func flush() -> Bool {
            defer { digits = "" }
            guard !digits.isEmpty else { return true }
            guard let number = Int(digits) else { return false }
            tokens.append(.number(number))
            return true
        }
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard flush() else { return nil }
            if character.isWhitespace { continue }
            guard let token = symbol(character) else { return nil }
            tokens.append(token)
        }
        return flush() ? tokens : nil
    }

    private static func symbol(_ character: Character) -> ArithmeticToken? {
        switch character {
        case "+": .operation(.add)
        case "-", "−", "–": .operation(.subtract)
        case "*", "×", "·": .operation(.multiply)
        case "/", "÷": .operation(.divide)
        case "(": .open
        case ")": .close
        case "=": .equals
        case ",", ";": .comma
        default: nil
        }
    }

    /// The integer these tokens spell, with an optional leading minus.
    static func signedNumber(_ tokens: ArraySlice<ArithmeticToken>) -> Int? {
        switch (tokens.count, tokens.first, tokens.last) {
        case (1, .number(let value)?, _): value
        case (2, .operation(.subtract)?, .number(let value)?): -value
        default: nil
        }
    }
}

/// Recursive descent over `sum := product ((+|−) product)*`, `product := atom ((×|÷) atom)*`.
///
/// Depth is bounded by the scanner's character limit, far from any stack's end.
struct ExpressionParser {
    private var tokens: ArraySlice<ArithmeticToken>
    /// The numbers met so far, in order.
    private(set) var literals: [Int] = []

    init(tokens: ArraySlice<ArithmeticToken>) {
        self.tokens = tokens
    }

    /// The value of the whole text; nil if it is not one well-formed expression.
    mutating func value() -> Rational? {
        guard let result = sum(), tokens.isEmpty else { return nil }
        return result
    }

    private mutating func sum() -> Rational? {
        chain([.add, .subtract]) { $0.product() }
    }

    private mutating func product() -> Rational? {
        chain([.multiply, .divide]) { $0.atom() }
    }

    private mutating func chain(
        _ operations: [Operation],
        operand: (inout ExpressionParser) -> Rational?
    ) -> Rational? {
        guard var result = operand(&self) else { return nil }
        while case .operation(let operation)? = tokens.first, operations.contains(operation) {
            tokens.removeFirst()
            guard let right = operand(&self), let next = operation.apply(result, right) else { return nil }
            result = next
        }
        return result
    }

    private mutating func atom() -> Rational? {
        switch tokens.popFirst() {
        case .number(let value)?:
            literals.append(value)
            return Rational(value)
        case .open?:
            guard let inner = sum(), tokens.popFirst() == .close else { return nil }
            return inner
        default:
            return nil
        }
    }
}
