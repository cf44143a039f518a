/// Progress of long work on standard error: a bar on a terminal, a line every tenth elsewhere.
///
/// A value type: the caller owns it, says how far the work is, and standard output stays clean for results.
struct Progress {
    private let label: String
    private let total: Int
    private let started: ContinuousClock.Instant
    private let terminal: Terminal
    private var lastShown = -1

    init(_ label: String, total: Int, terminal: Terminal = .errors) {
        self.label = label
        self.total = max(total, 1)
        self.terminal = terminal
        started = .now
    }

    /// Shows `done` of the total; `detail` is a short running figure such as the accuracy so far.
    mutating func show(_ done: Int, detail: String = "") {
        let percent = done * 100 / total
        let step = terminal.isInteractive ? percent : percent / 10 * 10
        guard step != lastShown || done == total else { return }
        lastShown = step
        let line = "\(label) \(bar(percent)) \(done)/\(total)\(remaining(done))  \(detail)"
        if terminal.isInteractive {
            terminal.rewrite(line, isLast: done >= total)
        } else {
            note(line)
        }
    }

    private func bar(_ percent: Int) -> String {
        let filled = min(percent, 100) / 5
        return "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: 20 - filled) + "]"
    }

    private func remaining(_ done: Int) -> String {
        guard done > 0, done < total else { return "" }
        let left = started.duration(to: .now) * (total - done) / done
        return "  \(left.components.seconds) s left"
    }
}
