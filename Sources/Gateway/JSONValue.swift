/// One JSON value as a client sent it, before any meaning is given to it.
///
/// `JSONDecoder` cannot stand here: it keeps one of two duplicate keys without a word and hides which keys a
/// document holds, while this gateway has to refuse both by name.
enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number with a fraction, an exponent, or more digits than `Int64` holds. Always finite.
    case decimal(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Every whole number up to this one is a `Double` of its own; a larger one may have been rounded to it.
    private static let largestExact = 9_007_199_254_740_992.0

    /// The value as a whole number, also when it was written as `64.0`; nil for one that may not be what was written.
    var wholeNumber: Int64? {
        switch self {
        case .integer(let value): value
        case .decimal(let value): value.magnitude < Self.largestExact ? Int64(exactly: value) : nil
        default: nil
        }
    }

    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .decimal(let value): value
        default: nil
        }
    }

    var string: String? {
        if case .string(let value) = self { value } else { nil }
    }
}

/// The members of an object in the order they were sent; no key occurs twice.
struct JSONObject: Sendable, Hashable {
    struct Member: Sendable, Hashable {
        var key: String
        var value: JSONValue
    }

    var members: [Member]

    var isEmpty: Bool { members.isEmpty }

    subscript(key: String) -> JSONValue? {
        for member in members where member.key.utf8.elementsEqual(key.utf8) { return member.value }
        return nil
    }
}

/// Why a body is not JSON that this gateway takes, and at which byte.
public struct JSONFault: Error, Sendable, Hashable {
    public enum Reason: String, Sendable, CaseIterable {
        case empty = "the body is empty"
        case unexpectedEnd = "the text ends too early"
        case unexpectedByte = "unexpected character"
        case trailingBytes = "there is more text after the value"
        case badNumber = "malformed number"
        case numberOutOfRange = "number too large"
        case badEscape = "malformed escape in a string"
        case controlCharacter = "unescaped control character in a string"
        case invalidUTF8 = "invalid UTF-8"
        case duplicateKey = "the same key occurs twice in one object"
        case tooDeep = "nested too deeply"
    }

    public var reason: Reason
    public var offset: Int
}
