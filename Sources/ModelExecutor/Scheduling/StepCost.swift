/// How long a batch takes by its number of rows, learned from the batches that ran.
///
/// A straight line, seconds = fixed + perRow × rows, by least squares in which older batches fade. What it is for:
/// a batch has a size past which more rows only take longer, and that size depends on machine and model; and only
/// who knows the pace can tell whether a candidate would be done in time.
struct StepCost {
    /// What an observation counts after each later one: the last fifty or so decide.
    private static let memory = 0.98
    /// Observations before anything is concluded.
    private static let fewest = 16
    /// A batch that took this many times what was expected tells of the machine's other work, not of its rows.
    private static let outlier = 4.0
    /// The part of a batch's time that may be fixed cost where rows are limited; so little speed is given away.
    static let fixedShare = 0.05

    private var count = 0
    private var weight = 0.0
    private var rows = 0.0
    private var seconds = 0.0
    private var rowsSquared = 0.0
    private var rowsSeconds = 0.0

    mutating func observe(rows count: Int, seconds observed: Double) {
        guard count > 0, observed > 0 else { return }
        let x = Double(count)
        let y = min(observed, self.seconds(rows: count).map { $0 * Self.outlier } ?? observed)
        weight = weight * Self.memory + 1
        rows = rows * Self.memory + x
        seconds = seconds * Self.memory + y
        rowsSquared = rowsSquared * Self.memory + x * x
        rowsSeconds = rowsSeconds * Self.memory + x * y
        self.count += 1
    }

    /// Nil until batches of different sizes were seen.
    private var line: (fixed: Double, perRow: Double)? {
        guard count >= Self.fewest else { return nil }
        let spread = rowsSquared / weight - (rows / weight) * (rows / weight)
        guard spread > 0.5 else { return nil }
        let slope = (rowsSeconds / weight - rows / weight * seconds / weight) / spread
        let perRow = max(0, slope)
        return (max(0, seconds / weight - perRow * rows / weight), perRow)
    }

    /// The time of a batch of so many rows; nil until enough were seen.
    func seconds(rows count: Int) -> Double? {
        guard self.count >= Self.fewest else { return nil }
        if let line { return line.fixed + line.perRow * Double(count) }
        // Batches of one size say nothing of others; to take time as proportional never promises too much.
        return seconds / weight * max(1, Double(count) * weight / rows)
    }

    /// The number of rows past which a batch takes longer in proportion and decodes hardly more a second; nil where
    /// that is not known, or never happens.
    var saturation: Int? {
        guard let line, line.perRow > 0 else { return nil }
        let rows = line.fixed / line.perRow / Self.fixedShare
        return rows < 1e6 ? Int(rows.rounded()) : nil
    }
}

/// How many tokens candidates take: means in which older ones fade.
struct Pace {
    private static let memory = 0.95

    private(set) var thinkingTokens: Double?
    private(set) var answerTokens: Double?

    mutating func observe(thinkingTokens tokens: Int) { Self.blend(tokens, into: &thinkingTokens) }

    mutating func observe(answerTokens tokens: Int) { Self.blend(tokens, into: &answerTokens) }

    private static func blend(_ tokens: Int, into mean: inout Double?) {
        mean = mean.map { $0 * memory + Double(tokens) * (1 - memory) } ?? Double(tokens)
    }
}
