/// The JSON Schema of policy documents, for editors: draft 2020-12, made of what the reader itself goes by.
///
/// It knows every key and nothing besides, the choices, the bounds of numbers and lists and how percentages and times
/// are written. What it can't say is what `headgate validate` says: whether shares add up, names exist, and parts fit
/// together.
public enum PolicySchema {
    public static let text =
        JSONNode.object(
            [
                ("$schema", .string("https://json-schema.org/draft/2020-12/schema")),
                ("title", .string("Headgate policy")),
            ] + members(of: .document)
                + [
                    (
                        "$defs",
                        .object([
                            ("name", .object(name)),
                            ("patterns", .object(patterns)),
                            ("headers", .object(headers)),
                        ])
                    )
                ]
        ).text + "\n"

    private typealias Members = [(String, JSONNode)]

    private static func node(_ shape: DocumentShape) -> JSONNode { .object(members(of: shape)) }

    private static func members(of shape: DocumentShape) -> Members {
        switch shape {
        case .name: reference("name")
        case .text(let limit, let breaks): text(limit: limit, breaks: breaks)
        case .word(let words): [("enum", .array(words.map { .string($0) }))]
        case .flag: [("type", .string("boolean"))]
        case .integer(let range):
            [
                ("type", .string("integer")), ("minimum", .integer(range.lowerBound)),
                ("maximum", .integer(range.upperBound)),
            ]
        case .decimal(let range): decimal(range)
        case .percentage(let range): percentage(range)
        case .duration: pattern("^[0-9]{1,9}(\(Units.durationUnits.joined(separator: "|")))$")
        case .timeOfDay: pattern("^([01]?[0-9]|2[0-3]):[0-5][0-9]$")
        case .source: source
        case .patterns: reference("patterns")
        case .headers: reference("headers")
        case .list(let item, let limit):
            [
                ("type", .string("array")), ("items", node(item)), ("minItems", .integer(1)),
                ("maxItems", .integer(limit)),
            ]
        case .entries(let value, let limit):
            [
                ("type", .string("object")), ("propertyNames", .object(name)),
                ("additionalProperties", node(value)), ("maxProperties", .integer(limit)),
            ]
        case .section(let section): members(of: section)
        }
    }

    private static func members(of section: SectionShape) -> Members {
        let properties = section.keys.map { key in
            (key.name, JSONNode.object([("description", .string(key.about))] + members(of: key.shape)))
        }
        let required = section.keys.filter(\.isRequired).map { JSONNode.string($0.name) }
        return [
            ("type", .string("object")), ("properties", .object(properties)),
            ("additionalProperties", .bool(false)),
        ] + (required.isEmpty ? [] : [("required", .array(required))])
            + (section.isChoice ? [("minProperties", .integer(1)), ("maxProperties", .integer(1))] : [])
    }

    private static func reference(_ name: String) -> Members { [("$ref", .string("#/$defs/\(name)"))] }

    private static func pattern(_ pattern: String) -> Members {
        [("type", .string("string")), ("pattern", .string(pattern))]
    }

    /// YAML takes some words for numbers or booleans; the reader takes every plain word for what it is written as.
    private static let scalar = ("type", JSONNode.array(["string", "number", "boolean"].map { .string($0) }))

    private static let name: Members = [
        scalar, ("pattern", .string("^[A-Za-z0-9][A-Za-z0-9._-]{0,\(DocumentLimit.name - 1)}$")),
    ]

    private static func text(limit: Int, breaks: Bool) -> Members {
        let controls = breaks ? "\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F" : "\\u0000-\\u001F"
        return [
            scalar, ("minLength", .integer(1)), ("maxLength", .integer(limit)),
            ("pattern", .string("^[^\(controls)\\u007F-\\u009F\\u2028\\u2029]*$")),
        ]
    }

    private static func decimal(_ range: DecimalRange) -> Members {
        [
            ("type", .string("number")),
            (range.includesLower ? "minimum" : "exclusiveMinimum", .decimal(range.lower)),
            (range.includesUpper ? "maximum" : "exclusiveMaximum", .decimal(range.upper)),
        ]
    }

    /// The bounds are left to the reader: digits can't be compared by a pattern.
    private static func percentage(_ range: ClosedRange<Int>) -> Members {
        pattern("^\(range.lowerBound < 0 ? "-?" : "")[0-9]{1,3}(\\.[0-9]{1,2})?%$")
    }

    private static var source: Members {
        let fixed = SubjectSource.fixed.map(\.description).joined(separator: "|")
        return pattern("^(\(SubjectSource.headerPrefix)\(token)|\(fixed))$")
    }

    /// A header's name.
    private static let token = "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,\(DocumentLimit.text)}"

    private static let patterns: Members = [
        (
            "anyOf",
            .array([
                .object(onePattern),
                .object([
                    ("type", .string("array")), ("items", .object(onePattern)), ("minItems", .integer(1)),
                    ("maxItems", .integer(DocumentLimit.values)),
                ]),
            ])
        )
    ]

    private static let onePattern: Members = [
        scalar, ("minLength", .integer(1)), ("maxLength", .integer(DocumentLimit.text)),
        ("pattern", .string("^[^*]*\\*?$")),
    ]

    private static let headers: Members = [
        ("type", .string("object")),
        ("propertyNames", .object([("pattern", .string("^\(token)$"))])),
        ("additionalProperties", .object(reference("patterns"))),
        ("maxProperties", .integer(DocumentLimit.headers)),
    ]
}

/// A JSON value whose members keep their order.
enum JSONNode: Sendable {
    case object([(String, JSONNode)])
    case array([JSONNode])
    case string(String)
    case integer(Int)
    case decimal(Double)
    case bool(Bool)

    /// Indented by two spaces; arrays stay on one line unless they hold objects.
    var text: String { text(indent: "") }

    private func text(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map {
                "\(inner)\(JSONNode.quoted($0.0)): \($0.1.text(indent: inner))"
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        case .array(let items):
            let texts = items.map { $0.text(indent: inner) }
            let isFlat = !texts.contains { $0.contains("\n") }
            if isFlat { return "[" + texts.joined(separator: ", ") + "]" }
            return "[\n" + texts.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)]"
        case .string(let text): return JSONNode.quoted(text)
        case .integer(let number): return "\(number)"
        case .decimal(let number): return "\(number)"
        case .bool(let flag): return "\(flag)"
        }
    }

    /// The texts here have no control characters.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
