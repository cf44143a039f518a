import Foundation

/// Running figures of `traffic`, by arm as the gateway named it.
struct TrafficTally: Sendable {
    enum Entry: Sendable {
        case answered(arm: String, isRight: Bool, elapsed: Duration)
        case failed(String)
    }

    struct Arm: Sendable {
        var answered = 0
        var right = 0
        var milliseconds: [Double] = []
    }

    private(set) var arms: [String: Arm] = [:]
    private(set) var failures = 0
    private(set) var asked = 0
    /// Distinct reasons of failure, the first few: enough to act on.
    private(set) var reasons: [String] = []
    static let maximumReasons = 5

    mutating func add(_ entry: Entry) {
        asked += 1
        switch entry {
        case .answered(let arm, let isRight, let elapsed):
            arms[arm, default: Arm()].answered += 1
            arms[arm, default: Arm()].right += isRight ? 1 : 0
            arms[arm, default: Arm()].milliseconds.append(elapsed / .milliseconds(1))
        case .failed(let reason):
            failures += 1
            if reasons.count < Self.maximumReasons, !reasons.contains(reason) { reasons.append(reason) }
        }
    }

    var headline: String {
        let right = arms.values.reduce(0) { $0 + $1.right }
        let answered = arms.values.reduce(0) { $0 + $1.answered }
        let share = answered == 0 ? "–" : (Double(right) / Double(answered) * 100).fixed(1) + " % right"
        return failures == 0 ? share : "\(share), \(failures) failed"
    }

    func table(terminal: Terminal) -> String {
        var lines = [terminal.styled("arm          asked   right       p50 ms    p95 ms", .bold)]
        for (name, arm) in arms.sorted(by: { $0.key < $1.key }) {
            let share = (Double(arm.right) / Double(arm.answered) * 100).fixed(1) + " %"
            lines.append(
                name.padded(12) + "\(arm.answered)".padded(-6) + share.padded(-9)
                    + arm.quantile(0.5).fixed(1).padded(-12) + arm.quantile(0.95).fixed(1).padded(-10)
            )
        }
        if failures > 0 {
            lines.append(terminal.styled("\(failures) of \(asked) failed:", .red))
            lines += reasons.map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }

    func json() throws -> String {
        struct Row: Encodable {
            let arm: String
            let requests: Int
            let right: Int
            let latencyP50Ms: Double
            let latencyP95Ms: Double
        }
        struct Result: Encodable {
            let requests: Int
            let failures: Int
            let reasons: [String]
            let arms: [Row]
        }
        let rows = arms.sorted { $0.key < $1.key }.map { name, arm in
            Row(
                arm: name,
                requests: arm.answered,
                right: arm.right,
                latencyP50Ms: arm.quantile(0.5),
                latencyP95Ms: arm.quantile(0.95)
            )
        }
        return try JSONText.encode(
            Result(requests: asked, failures: failures, reasons: reasons, arms: rows)
        )
    }
}

extension TrafficTally.Arm {
    /// The nearest-rank quantile; not-a-number when nothing was answered.
    func quantile(_ p: Double) -> Double {
        guard !milliseconds.isEmpty else { return .nan }
        let rank = Int((p * Double(milliseconds.count)).rounded(.up))
        return milliseconds.sorted()[min(max(rank, 1), milliseconds.count) - 1]
    }
}
