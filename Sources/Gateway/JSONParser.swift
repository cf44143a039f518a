/// Reads one strict RFC 8259 document: no comments, no trailing commas, no `NaN`, no duplicate keys.
///
/// Indexing goes through a checked array on purpose: the bytes are a stranger's.
struct JSONParser {
    private let bytes: [UInt8]
    private let depthLimit: Int
    private var position = 0
    private var depth = 0

    /// Past this many members, duplicate keys are looked up in a set: comparing each with each would let a body
    /// of short keys cost quadratic time.
    private static let linearSearchLimit = 16

    static func value(of bytes: [UInt8], depthLimit: Int) throws(JSONFault) -> JSONValue {
        var parser = JSONParser(bytes: bytes, depthLimit: depthLimit)
        parser.skipSpace()
        guard parser.position < bytes.count else { throw JSONFault(reason: .empty, offset: 0) }
        let value = try parser.value()
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.fault(.trailingBytes) }
        return value
    }

    private init(bytes: [UInt8], depthLimit: Int) {
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    private func fault(_ reason: JSONFault.Reason) -> JSONFault {
        JSONFault(reason: reason, offset: position)
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): position += 1
            default: return
            }
        }
    }

    private func peek() throws(JSONFault) -> UInt8 {
        guard position < bytes.count else { throw fault(.unexpectedEnd) }
        return bytes[position]
    }

    private mutating func take(_ expected: UInt8) throws(JSONFault) {
        guard try peek() == expected else { throw fault(.unexpectedByte) }
        position += 1
    }

    private mutating func value() throws(JSONFault) -> JSONValue {
        switch try peek() {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw fault(.unexpectedByte)
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        for expected in text.description.utf8 { try take(expected) }
        return value
    }

    private mutating func enter() throws(JSONFault) {
        depth += 1
        guard depth <= depthLimit else { throw fault(.tooDeep) }
        position += 1
        skipSpace()
    }

    private mutating func array() throws(JSONFault) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var elements: [JSONValue] = []
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value())
            skipSpace()
            if try peek() == UInt8(ascii: "]") { break }
            try take(UInt8(ascii: ","))
            skipSpace()
        }
        position += 1
        return .array(elements)
    }

    private mutating func object() throws(JSONFault) -> JSONValue {
        try enter()
        defer { depth -= 1 }
        var object = JSONObject(members: [])
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object(object)
        }
        var seen: Set<[UInt8]> = []
        while true {
            let start = position
            let key = try string()
            guard isNew(key, in: object, &seen) else { throw JSONFault(reason: .duplicateKey, offset: start) }
            skipSpace()
            try take(UInt8(ascii: ":"))
            skipSpace()
            object.members.append(JSONObject.Member(key: key, value: try value()))
            skipSpace()
            if try peek() == UInt8(ascii: "}") { break }
            try take(UInt8(ascii: ","))
            skipSpace()
        }
        position += 1
        return .object(object)
    }

    /// Keys are compared byte by byte: strings that only look the same are two keys in JSON.
    private func isNew(_ key: String, in object: JSONObject, _ seen: inout Set<[UInt8]>) -> Bool {
        if object.members.count < Self.linearSearchLimit { return object[key] == nil }
        if seen.isEmpty { seen = Set(object.members.map { Array($0.key.utf8) }) }
        return seen.insert(Array(key.utf8)).inserted
    }
}

extension JSONParser {
    private mutating func string() throws(JSONFault) -> String {
        try take(UInt8(ascii: "\""))
        let start = position
        while true {
            switch try peek() {
            case UInt8(ascii: "\""):
                let text = try text(bytes[start..<position], from: start)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case 0..<0x20: throw fault(.controlCharacter)
            default: position += 1
            }
        }
    }

    private func text(_ slice: some Sequence<UInt8>, from start: Int) throws(JSONFault) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw JSONFault(reason: .invalidUTF8, offset: start)
        }
        return text
    }

    private mutating func escapedString(from start: Int) throws(JSONFault) -> String {
        var unescaped = Array(bytes[start..<position])
        while true {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return try text(unescaped, from: start)
            case UInt8(ascii: "\\"):
                position += 1
                try unescaped.append(contentsOf: Array(String(escape()).utf8))
            case 0..<0x20: throw fault(.controlCharacter)
            default:
                unescaped.append(byte)
                position += 1
            }
        }
    }

    private mutating func escape() throws(JSONFault) -> Character {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return Character(try unicodeEscape())
        default: throw fault(.badEscape)
        }
    }

    /// A `\u` escape, or the two of a surrogate pair; half a pair names no character and is refused.
    private mutating func unicodeEscape() throws(JSONFault) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00 else { throw fault(.badEscape) }
        try takeEscapePart(UInt8(ascii: "\\"))
        try takeEscapePart(UInt8(ascii: "u"))
        let second = try hexadecimal()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw fault(.badEscape) }
        return scalar
    }

    private mutating func takeEscapePart(_ expected: UInt8) throws(JSONFault) {
        guard try peek() == expected else { throw fault(.badEscape) }
        position += 1
    }

    private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"):
                value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
            default: throw fault(.badEscape)
            }
            position += 1
        }
        return value
    }
}

extension JSONParser {
    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = position
        if try peek() == UInt8(ascii: "-") { position += 1 }
        let leading = position
        try digits()
        if bytes[leading] == UInt8(ascii: "0"), position > leading + 1 { throw fault(.badNumber) }
        var isWhole = true
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            position += 1
            let sign = try peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else {
            throw JSONFault(reason: .numberOutOfRange, offset: start)
        }
        return .decimal(value)
    }

    private mutating func digits() throws(JSONFault) {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        guard position > start else { throw fault(.badNumber) }
    }
}
