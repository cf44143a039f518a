@testable import Policy
import Testing

@Suite struct YAMLTextTests {
    @Test(
        arguments: [
            String(repeating: "[", count: 200_000), String(repeating: "{a: ", count: 60_000),
            String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 100_000),
            "policy: p\narms:\n" + String(repeating: " ", count: 3_000) + "a: 1",
        ]
    )
    func `endless nesting is refused and does not exhaust the stack`(text: String) {
        #expect(problems(of: text).count == 1)
    }

    @Test func `nesting by indentation is refused past the limit`() {
        let levels = (0..<400).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(problems(of: levels).count == 1)
    }

    @Test func `a few lines of aliases do not unfold to billions of nodes`() {
        let names = (0..<40).map { "a\($0)" }
        let bomb = zip(names, names.dropFirst()).map { "\($1): &\($1) [*\($0), *\($0), *\($0)]" }
        #expect(problems(of: "a0: &a0 [x]\n" + bomb.joined(separator: "\n")).count == 1)
        let asKey = "a0: &a0 [x]\n" + bomb.joined(separator: "\n") + "\n? *a39\n: 1"
        #expect(problems(of: asKey).count == 1)
    }

    @Test func `a single alias is refused at its anchor's line`() {
        let found = problems(of: "policy: p\nsalt: &s one\narms: {low: {share: 100%, mode: *s}}")
        #expect(found.map(\.line) == [2])
    }

    @Test func `a merge key is an unknown key`() {
        let found = problems(of: "policy: p\n<<: {salt: s}\narms: {low: {share: 100%, mode: low}}")
        #expect(found.map(\.path) == ["<<"])
    }

    @Test(arguments: [
        "\u{0}", "policy: \u{7}", "\u{FFFE}", "%YAML 9.9\n---\na: b", "--- !<tag> a", "? ", ":", "\r",
    ])
    func `odd text is refused with a problem`(text: String) {
        #expect(!problems(of: text).isEmpty, "\(text.debugDescription)")
    }

    @Test func `a key cannot break a message's line or steer a terminal`() {
        let found = problems(of: #"{policy: p, "a\nb\e[31m": 1, arms: {low: {share: 100%, mode: "x\ny"}}}"#)
        #expect(found.count == 2)
        let text = PolicyProblems(found).description
        #expect(text.split(separator: "\n").count == 2, "\(text)")
        #expect(!text.contains("\u{1B}"))
    }

    @Test func `a byte order mark and Windows line ends change nothing`() throws {
        let plain = try SplitPolicy(document())
        let windows = "\u{FEFF}" + document().replacing("\n", with: "\r\n")
        #expect(try SplitPolicy(windows).version == plain.version)
        #expect(problems(of: "policy: p\r\narms:\r\n  low: {share: 1, mode: low}\r\n").map(\.line) == [3])
    }
}

@Suite struct UnitsTests {
    @Test(
        arguments: [
            ("10%", 1_000), ("0.5%", 50), ("0.50%", 50), ("0.05%", 5), ("100%", 10_000), ("-2.25%", -225),
            ("0%", 0), ("-0%", 0), ("10", nil), ("10 %", nil), ("%", nil), (".5%", nil), ("5.%", nil),
            ("0.005%", nil), ("1e1%", nil), ("+1%", nil), ("--1%", nil), ("1000%", nil), ("٣%", nil),
        ] as [(String, Int?)]
    )
    func `percentages are read to the basis point or not at all`(text: String, points: Int?) {
        #expect(Units.basisPoints(text) == points)
    }

    @Test(
        arguments: [
            ("250ms", .milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)),
            ("24h", .seconds(86_400)),
            ("7d", .seconds(604_800)), ("30", nil), ("s", nil), ("1.5h", nil), ("-1s", nil), ("1h30m", nil),
            ("30 s", nil), ("9999999999s", nil), ("٣s", nil),
        ] as [(String, Duration?)]
    )
    func `times are a whole number with a unit`(text: String, duration: Duration?) {
        #expect(Units.duration(text) == duration)
        if let duration { #expect(Units.duration(Units.text(duration)) == duration) }
    }

    @Test(arguments: ["1e3", "inf", "nan", "0x1", "1.", ".1", "", "-", "1,5", "1_000"])
    func `numbers are plain decimals`(text: String) {
        #expect(Units.decimal(text) == nil)
    }

    @Test(arguments: [
        (0, "0%"), (5, "0.05%"), (50, "0.5%"), (1_005, "10.05%"), (10_000, "100%"), (-25, "-0.25%"),
    ])
    func `basis points are written as the shortest percentage`(points: Int, text: String) {
        #expect(percent(basisPoints: points) == text)
        #expect(Units.basisPoints(text) == points)
    }

    @Test(
        arguments: [
            ("shair", "share"), ("polcy", "policy"), ("dead_line", "deadline"), ("pirority", "priority"),
            ("zzz", nil), ("", nil),
        ] as [(String, String?)]
    )
    func `a misspelt word is told its nearest neighbour`(word: String, near: String?) {
        #expect(nearest(word, among: ["share", "policy", "deadline", "priority", "salt"]) == near)
    }
}
