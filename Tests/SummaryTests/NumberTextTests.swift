import Testing

@testable import Summary

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345"),
    ])
    func `counts are grouped in thousands`(value: Int, text: String) {
        #expect(NumberText.count(value) == text)
    }

    @Test(arguments: [
        (0.0, 1, "0.0"), (0.05, 1, "0.1"), (-0.04, 1, "0.0"), (12.345, 2, "12.35"), (1_999.95, 1, "2,000.0"),
        (-3.21, 1, "-3.2"), (2.5, 0, "3"),
    ])
    func `decimals are rounded half away from zero`(value: Double, decimals: Int, text: String) {
        #expect(NumberText.decimal(value, decimals) == text)
    }

    @Test func `small differences keep the digits that tell them from none`() {
        #expect(NumberText.points(0.03) == "+3.0")
        #expect(NumberText.points(-0.0004) == "-0.04")
        #expect(NumberText.points(0) == "+0.0")
    }

    @Test func `infinities are said, not printed as large numbers`() {
        #expect(NumberText.points((lower: -.infinity, upper: .infinity)) == "[-∞, +∞]")
    }

    @Test func `long text breaks at spaces and hangs`() {
        let lines = "  - one two three four".wrapped(to: 12, hanging: 4)
        #expect(lines == ["  - one two", "    three", "    four"])
    }

    @Test func `columns line up`() {
        var table = TextTable(["Arm", "n"])
        table.add(["medium", "7"])
        table.add(["low", "1,000"])
        #expect(table.lines == ["Arm         n", "medium      7", "low     1,000"])
    }
}
