import Testing

@testable import Gateway

struct JSONParserTests {
    private func parse(_ text: String) throws(JSONFault) -> JSONValue {
        try JSONParser.value(of: Array(text.utf8), depthLimit: 8)
    }

    @Test(arguments: [
        ("null", JSONValue.null),
        (" true ", .bool(true)),
        ("-0", .integer(0)),
        ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .decimal(9_223_372_036_854_775_808)),
        ("1.5e3", .decimal(1_500)),
        ("1E-2", .decimal(0.01)),
        (#""a\"\\\/\b\f\n\r\tb""#, .string("a\"\\/\u{8}\u{C}\n\r\tb")),
        (#""\u00e9\ud83d\ude00é😀""#, .string("é😀é😀")),
        ("[]", .array([])),
        ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])),
        (
            #"{"a" : {}, "b":[null]}"#,
            .object(
                JSONObject(members: [
                    .init(key: "a", value: .object(JSONObject(members: []))),
                    .init(key: "b", value: .array([.null])),
                ])
            )
        ),
    ])
    func `a valid document is read as it stands`(text: String, expected: JSONValue) throws {
        #expect(try parse(text) == expected)
    }

    @Test(arguments: [
        ("", JSONFault.Reason.empty),
        ("  \n", .empty),
        ("{", .unexpectedEnd),
        (#"{"a":1"#, .unexpectedEnd),
        (#""abc"#, .unexpectedEnd),
        ("[1,]", .unexpectedByte),
        (#"{"a":1,}"#, .unexpectedByte),
        ("{a:1}", .unexpectedByte),
        ("NaN", .unexpectedByte),
        ("Infinity", .unexpectedByte),
        ("'a'", .unexpectedByte),
        ("// x\n1", .unexpectedByte),
        ("\u{FEFF}1", .unexpectedByte),
        ("nul", .unexpectedEnd),
        ("1 2", .trailingBytes),
        ("01", .badNumber),
        ("-", .badNumber),
        ("1.", .badNumber),
        ("1e+", .badNumber),
        (".5", .unexpectedByte),
        ("+1", .unexpectedByte),
        ("1e999", .numberOutOfRange),
        (#""\x""#, .badEscape),
        (#""\u12""#, .badEscape),
        (#""\ud800""#, .badEscape),
        (#""\ud800\u0041""#, .badEscape),
        (#""\udc00""#, .badEscape),
        ("\"a\nb\"", .controlCharacter),
        ("\"\\n\u{0}\"", .controlCharacter),
        (#"{"a":1,"a":2}"#, .duplicateKey),
        (#"{"a":1,"\u0061":2}"#, .duplicateKey),
        ("[[[[[[[[[0]]]]]]]]]", .tooDeep),
    ])
    func `a malformed document is refused with its reason`(text: String, reason: JSONFault.Reason) {
        #expect(throws: JSONFault.self) { try parse(text) }
        do {
            _ = try parse(text)
        } catch {
            #expect(error.reason == reason, "\(text) was refused at byte \(error.offset) for \(error.reason)")
        }
    }

    @Test func `eight levels are read where eight are allowed`() throws {
        _ = try parse("[[[[[[[[0]]]]]]]]")
    }

    @Test(
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]]
    )
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONFault(reason: .invalidUTF8, offset: 1)) {
            try JSONParser.value(of: bytes, depthLimit: 8)
        }
    }

    @Test func `keys that only look the same are two`() throws {
        let value = try JSONParser.value(of: Array(#"{"\u00e9":1,"e\u0301":2}"#.utf8), depthLimit: 4)
        guard case .object(let object) = value else { preconditionFailure("\(value) is no object") }
        #expect(object["\u{e9}"] != object["e\u{301}"])
    }

    @Test func `a duplicate is found among many keys`() {
        let keys = (0..<100).map { "\"k\($0)\":0" }
        #expect(throws: Never.self) { try parse("{\(keys.joined(separator: ","))}") }
        #expect(throws: JSONFault.self) { try parse("{\((keys + ["\"k3\":1"]).joined(separator: ","))}") }
    }

    @Test func `no truncation or changed byte of a request makes the parser trap`() {
        let text =
            #"{"model":"m","messages":[{"role":"user","content":"a\u00e9\n"}],"t":[1.5e-3,-2,true,null]}"#
        let bytes = Array(text.utf8)
        for end in bytes.indices {
            _ = try? JSONParser.value(of: Array(bytes[..<end]), depthLimit: 8)
        }
        for index in bytes.indices {
            for replacement: UInt8 in [0, 0x22, 0x2C, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] {
                var changed = bytes
                changed[index] = replacement
                _ = try? JSONParser.value(of: changed, depthLimit: 8)
            }
        }
    }

    @Test func `what the writer writes the parser reads`() throws {
        let texts = ["", "plain", "\"\\/\u{1}\u{1F}\n\r\t", "é😀\u{2028}", "</script>"]
        var writer = JSONWriter()
        writer.array { writer in
            for text in texts { writer.value(text) }
            writer.value(0.1)
            writer.value(Double.infinity)
            writer.value(1e-7)
            writer.value(-3)
            writer.object { writer in
                writer.member("empty", String?.none)
                writer.member("count", 2)
            }
        }
        let expected: [JSONValue] =
            texts.map { .string($0) } + [
                .decimal(0.1), .null, .decimal(1e-7), .integer(-3),
                .object(
                    JSONObject(members: [
                        .init(key: "empty", value: .null), .init(key: "count", value: .integer(2)),
                    ])
                ),
            ]
        #expect(try JSONParser.value(of: writer.bytes, depthLimit: 8) == .array(expected))
    }
}
