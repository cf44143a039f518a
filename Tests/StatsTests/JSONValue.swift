import Foundation

/// A JSON document as a value, with the oracle file's spelling of infinities.
enum JSONValue: Decodable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }
}

/// What a vector's input lacks.
struct MissingField: Error, CustomStringConvertible {
    var description: String
}

extension JSONValue {
    subscript(_ key: String) -> JSONValue {
        get throws {
            guard case .object(let fields) = self, let value = fields[key] else {
                throw MissingField(description: "no field '\(key)' in \(self)")
            }
            return value
        }
    }

    var double: Double {
        get throws {
            switch self {
            case .number(let value): return value
            case .text("inf"): return .infinity
            case .text("-inf"): return -.infinity
            default: throw MissingField(description: "\(self) is not a number")
            }
        }
    }

    var int: Int { get throws { Int(try double) } }

    var bool: Bool {
        get throws {
            guard case .bool(let value) = self else {
                throw MissingField(description: "\(self) is no boolean")
            }
            return value
        }
    }

    var text: String {
        get throws {
            guard case .text(let value) = self else {
                throw MissingField(description: "\(self) is no string")
            }
            return value
        }
    }

    var array: [JSONValue] {
        get throws {
            guard case .array(let values) = self else {
                throw MissingField(description: "\(self) is no array")
            }
            return values
        }
    }

    var doubles: [Double] { get throws { try array.map { try $0.double } } }
    var ints: [Int] { get throws { try array.map { try $0.int } } }

    /// Where `got` lies further from this value than the tolerance allows, as readable lines.
    func differences(to got: JSONValue, relative: Double, absolute: Double, path: String) -> [String] {
        switch (self, got) {
        case (.object(let want), .object(let fields)):
            return want.sorted { $0.key < $1.key }.flatMap { key, value in
                fields[key].map {
                    value.differences(to: $0, relative: relative, absolute: absolute, path: "\(path).\(key)")
                } ?? ["\(path).\(key) is not computed"]
            }
        case (.array(let want), .array(let values)) where want.count == values.count:
            return zip(want, values).enumerated().flatMap { index, pair in
                pair.0.differences(
                    to: pair.1,
                    relative: relative,
                    absolute: absolute,
                    path: "\(path)[\(index)]"
                )
            }
        case (.bool(let want), .bool(let value)):
            return want == value ? [] : ["\(path): got \(value), want \(want)"]
        default:
            break
        }
        if let want = try? double, let value = try? got.double {
            let close = want == value || abs(value - want) <= absolute + relative * abs(want)
            return close ? [] : ["\(path): got \(value), want \(want)"]
        }
        if case .text(let want) = self, case .text(want) = got { return [] }
        return ["\(path): got \(got), want \(self)"]
    }
}

extension JSONValue: ExpressibleByDictionaryLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
    init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
    init(floatLiteral value: Double) { self = .number(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(_ value: Double) { self = .number(value) }
}
