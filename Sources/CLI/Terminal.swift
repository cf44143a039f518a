import Foundation

/// What the person at the other end can see: colours only on a terminal that wants them.
struct Terminal {
    let hasColour: Bool
    let isInteractive: Bool

    /// Reads the state of a file descriptor and the conventions NO_COLOR and TERM=dumb.
    init(descriptor: Int32) {
        isInteractive = isatty(descriptor) == 1
        hasColour =
            isInteractive && ProcessInfo.processInfo.environment["NO_COLOR"] == nil && Self.term != "dumb"
    }

    private static var term: String {
        ProcessInfo.processInfo.environment["TERM"] ?? ""
    }

    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let errors = Terminal(descriptor: STDERR_FILENO)

    enum Style: Int {
        case bold = 1
        case dim = 2
        case red = 31
        case green = 32
        case yellow = 33
        case cyan = 36
    }

    func styled(_ text: String, _ style: Style) -> String {
        hasColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }

    /// A score from 0 to 1 as text, green when good and red when bad.
    func score(_ value: Double) -> String {
        let style: Style = value >= 0.7 ? .green : value >= 0.3 ? .yellow : .red
        return styled(value.fixed(2), style)
    }
}

extension Double {
    /// Fixed-point text without a locale.
    func fixed(_ digits: Int) -> String {
        guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
        let scale = pow(10, Double(digits))
        let scaled = (abs(self) * scale).rounded()
        guard scaled < 1e15 else { return "\(self)" }
        let whole = Int64(scaled / scale)
        let sign = self < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(Int64(scaled))" }
        let fraction = String(Int64(scaled) - whole * Int64(scale))
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

/// Writes one line to standard error, where everything goes that is not the command's result.
func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

extension Terminal {
    /// Replaces the current line of standard error.
    func rewrite(_ line: String, isLast: Bool) {
        FileHandle.standardError.write(Data(("\r\u{1B}[2K" + line + (isLast ? "\n" : "")).utf8))
    }
}
