/// How numbers read in reasons and tables; JSON has them unrounded.
enum NumberText {
    /// What stands for a number that isn't known.
    static let unknown = "-"

    /// 1234567 as `1,234,567`.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.append(String(digits.suffix(3)))
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups.reversed()).joined(separator: ",")
    }

    /// With a fixed number of decimals, rounded half away from zero, and thousands separated.
    static func decimal(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return infinite(value) }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (abs(value) * scale).rounded()
        let whole = Int(scaled / scale)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard decimals > 0 else { return sign + count(whole) }
        let rest = String(Int(scaled - Double(whole) * scale))
        return "\(sign)\(count(whole)).\(String(repeating: "0", count: decimals - rest.count))\(rest)"
    }

    /// Like `decimal`, with a plus sign where there is no minus.
    static func signed(_ value: Double, _ decimals: Int) -> String {
        let text = decimal(value, decimals)
        return text.hasPrefix("-") ? text : "+" + text
    }

    /// 0.612 as `61.2%`.
    static func percent(_ fraction: Double?, decimals: Int = 1) -> String {
        fraction.map { decimal(100 * $0, decimals) + "%" } ?? unknown
    }

    /// A difference of rates in percentage points without the word: 0.03 as `+3.0`, 0.0004 as `+0.04`.
    static func points(_ fraction: Double) -> String {
        let value = 100 * fraction
        return signed(value, abs(value) < 0.1 && value != 0 ? 2 : 1)
    }

    /// An interval in percentage points, `[-1.6, +7.6]`.
    static func points(_ interval: (lower: Double, upper: Double)) -> String {
        "[\(points(interval.lower)), \(points(interval.upper))]"
    }

    /// Milliseconds: tenths below 100, whole above.
    static func milliseconds(_ value: Double?) -> String {
        value.map { decimal($0, abs($0) < 100 ? 1 : 0) } ?? unknown
    }

    /// A p-value to three decimals, with its bound where it is smaller.
    static func pValue(_ value: Double) -> String {
        value < 0.001 ? "p < 0.001" : "p = " + decimal(value, 3)
    }

    /// A length of time in its largest sensible unit.
    static func span(milliseconds: Double) -> String {
        let seconds = milliseconds / 1_000
        if seconds < 90 { return "\(decimal(seconds, 0)) s" }
        if seconds < 90 * 60 { return "\(decimal(seconds / 60, 0)) min" }
        if seconds < 48 * 3_600 { return "\(decimal(seconds / 3_600, 0)) h" }
        return "\(decimal(seconds / 86_400, 0)) days"
    }

    private static func infinite(_ value: Double) -> String {
        if value.isNaN { return unknown }
        return value < 0 ? "-∞" : "∞"
    }
}
