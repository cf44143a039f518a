/// Reads and writes the units that a policy document is written in.
enum Units {
    /// Basis points of a percentage with at most two decimals, such as `10%`, `0.5%` or `-2.25%`.
    static func basisPoints(_ text: String) -> Int? {
        guard text.last == "%" else { return nil }
        var digits = text.dropLast()
        let isNegative = digits.first == "-"
        if isNegative { digits.removeFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, isDigits(whole, atMost: 3) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : "0"
        guard isDigits(fraction, atMost: 2), let units = Int(whole), let decimals = Int(fraction) else {
            return nil
        }
        let points = units * 100 + (fraction.count == 1 ? decimals * 10 : decimals)
        return isNegative ? -points : points
    }

    private static let durations: [(unit: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    static var durationUnits: [String] { durations.map(\.unit) }

    /// A whole number with one unit: `250ms`, `30s`, `5m`, `24h` or `7d`.
    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard isDigits(digits, atMost: 9), let count = Int(digits) else { return nil }
        guard let known = durations.first(where: { $0.unit == unit }) else { return nil }
        return .milliseconds(count * known.milliseconds)
    }

    /// The duration in the largest unit of which it is a whole number.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
        for (unit, size) in durations where milliseconds != 0 && milliseconds.isMultiple(of: size) {
            return "\(milliseconds / size)\(unit)"
        }
        return "\(milliseconds)ms"
    }

    /// Minutes after midnight of a time such as `06:30`.
    static func timeOfDay(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, isDigits(parts[0], atMost: 2), parts[1].count == 2,
            isDigits(parts[1], atMost: 2),
            let hours = Int(parts[0]), let minutes = Int(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return hours * 60 + minutes
    }

    static func timeOfDay(_ minutes: Int) -> String {
        let (hours, rest) = minutes.quotientAndRemainder(dividingBy: 60)
        return (hours < 10 ? "0" : "") + "\(hours):" + (rest < 10 ? "0" : "") + "\(rest)"
    }

    static func integer(_ text: String) -> Int? {
        isDigits(text.first == "-" ? text.dropFirst() : text[...], atMost: 9) ? Int(text) : nil
    }

    /// A plain decimal number: no exponent, no infinity.
    static func decimal(_ text: String) -> Double? {
        let unsigned = text.first == "-" ? text.dropFirst() : text[...]
        let parts = unsigned.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ isDigits($0, atMost: 9) }) else { return nil }
        return Double(text)
    }

    private static func isDigits(_ text: Substring, atMost limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
