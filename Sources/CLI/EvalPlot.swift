import Foundation

/// Accuracy over candidate tokens a problem, the tokens on a logarithmic scale.
struct EvalPlot {
    let rows: [Eval.Row]

    private static let width = 720.0
    private static let height = 420.0
    private static let left = 56.0
    private static let right = 24.0
    private static let top = 16.0
    private static let bottom = 48.0

    var svg: String {
        let frame =
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 420" font-family="sans-serif" "#
        return
            ([frame + #"font-size="12"><rect width="720" height="420" fill="white"/>"#] + axes
            + rows.map(mark) + labels.map { text($0.x, $0.y, $0.words, anchor: $0.anchor) }
            + ["</svg>"]).joined(separator: "\n")
    }

    private var axes: [String] {
        let ticks = [10.0, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].filter { range.contains(log($0)) }
        let across = ticks.map { tokens in
            line(x(tokens), Self.top, x(tokens), Self.height - Self.bottom, "gainsboro")
                + text(x(tokens), Self.height - Self.bottom + 16, "\(Int(tokens))", anchor: "middle")
        }
        let up = stride(from: 0.0, through: 1, by: 0.1).map { share in
            line(Self.left, y(share), Self.width - Self.right, y(share), "gainsboro")
                + text(Self.left - 6, y(share) + 4, "\(Int((share * 100).rounded())) %", anchor: "end")
        }
        let title = text(Self.width / 2, Self.height - 12, "candidate tokens a problem", anchor: "middle")
        return across + up + [title]
    }

    private func mark(_ row: Eval.Row) -> String {
        let (px, py) = (x(row.candidateTokensPerProblem), y(row.accuracy))
        return line(px, y(row.accuracyLow), px, y(row.accuracyHigh), "steelblue")
            + #"<circle cx="\#(px.fixed(1))" cy="\#(py.fixed(1))" r="4" fill="steelblue"/>"#
    }

    struct Label {
        let words: String
        let x: Double
        var y: Double
        let anchor: String

        /// A line of this font is 12 high; its letters are about half as wide.
        static let height = 12.0
        private static let letter = 6.5

        private var span: Range<Double> {
            let width = Double(words.count) * Self.letter
            return anchor == "end" ? x - width..<x : x..<x + width
        }

        func overlaps(_ other: Label) -> Bool {
            abs(y - other.y) < Self.height && span.overlaps(other.span)
        }
    }

    /// Beside their marks, from above to below; one that would lie on another goes down until it doesn't.
    var labels: [Label] {
        let wanted = rows.map { row in
            let px = x(row.candidateTokensPerProblem)
            let isRight = px > Self.width * 0.6
            return Label(
                words: row.mode,
                x: isRight ? px - 7 : px + 7,
                y: y(row.accuracy) + 14,
                anchor: isRight ? "end" : "start"
            )
        }
        return wanted.sorted { $0.y < $1.y }.reduce(into: []) { placed, label in
            var label = label
            while let other = placed.first(where: { $0.overlaps(label) }) { label.y = other.y + Label.height }
            placed.append(label)
        }
    }

    private var range: ClosedRange<Double> {
        let tokens = rows.map { log(max(1, $0.candidateTokensPerProblem)) }
        return (tokens.min() ?? 0) - 0.3...(tokens.max() ?? 1) + 0.3
    }

    private func x(_ tokens: Double) -> Double {
        let part = (log(max(1, tokens)) - range.lowerBound) / (range.upperBound - range.lowerBound)
        return Self.left + part * (Self.width - Self.left - Self.right)
    }

    private func y(_ share: Double) -> Double {
        Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ colour: String) -> String {
        #"<line x1="\#(x1.fixed(1))" y1="\#(y1.fixed(1))" x2="\#(x2.fixed(1))" y2="\#(y2.fixed(1))" "#
            + #"stroke="\#(colour)"/>"#
    }

    private func text(_ x: Double, _ y: Double, _ words: String, anchor: String) -> String {
        let safe = words.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        return #"<text x="\#(x.fixed(1))" y="\#(y.fixed(1))" text-anchor="\#(anchor)">\#(safe)</text>"#
    }
}
