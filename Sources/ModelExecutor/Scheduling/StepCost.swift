/// How long a batch takes by its number of rows, learned from the batches that ran.
///
/// Batches are put into classes of up to 1, 2, 4, 8, … rows, each with a mean in which older ones fade. What it is for:
/// a batch has a size past which more rows only take longer, and that size depends on machine and model; and only
/// who knows the pace can tell whether a candidate would be done in time. A straight line through all batches would
/// need less, but where sizes differ little, as under steady load, its slope is noise.
struct StepCost {
    private struct SizeClass {
        var count = 0
        var weight = 0.0
        var rows = 0.0
        var seconds = 0.0

        var rowsPerSecond: Double { rows / seconds }
        var meanRows: Double { rows / weight }
        var meanSeconds: Double { seconds / weight }
    }

    /// What an observation counts after each later one: the last fifty or so decide.
    private static let memory = 0.98
    /// Observations of a class before anything is concluded from it.
    private static let fewest = 16
    /// A batch that took this many times what was expected tells of the machine's other work, not of its rows.
    private static let outlier = 4.0
    /// The part of the most rows a second that may be given up for shorter batches.
    private static let tolerance = 0.05
    /// Rows that are always worth decoding together: kernels take rows in blocks of up to so many.
    static let fewestSharedRows = 16

    /// By the number of bits of one less than the rows.
    private var classes: [SizeClass] = []

    mutating func observe(rows count: Int, seconds observed: Double) {
        guard count > 0, observed > 0 else { return }
        let index = Self.sizeClass(of: count)
        while classes.count <= index { classes.append(SizeClass()) }
        let expected = classes[index].count < Self.fewest ? nil : seconds(rows: count)
        let seconds = min(observed, expected.map { $0 * Self.outlier } ?? observed)
        classes[index].weight = classes[index].weight * Self.memory + 1
        classes[index].rows = classes[index].rows * Self.memory + Double(count)
        classes[index].seconds = classes[index].seconds * Self.memory + seconds
        classes[index].count += 1
    }

    /// The time of a batch of so many rows, between those of the sizes seen; nil until enough were seen.
    ///
    /// Past the largest it goes on rising as it did last, or not at all where only one size is known: larger batches
    /// will tell, and a guess that is too high would keep them from ever running.
    func seconds(rows count: Int) -> Double? {
        let seen = known.map { classes[$0] }
        guard let smallest = seen.first, let largest = seen.last else { return nil }
        let x = Double(count)
        if x <= smallest.meanRows || seen.count == 1 { return smallest.meanSeconds }
        let above = seen.firstIndex { $0.meanRows >= x } ?? seen.count - 1
        let (from, to) = (seen[above - 1], seen[above])
        let slope = (to.meanSeconds - from.meanSeconds) / (to.meanRows - from.meanRows)
        return x <= largest.meanRows
            ? from.meanSeconds + slope * (x - from.meanRows)
            : largest.meanSeconds + max(0, slope) * (x - largest.meanRows)
    }

    /// The number of rows past which a batch takes longer in proportion and decodes hardly more a second; nil where
    /// larger ones were not seen, or decode more.
    var saturation: Int? {
        guard let best = known.map({ classes[$0].rowsPerSecond }).max(), let largest = known.last,
            let enough = known.first(where: { classes[$0].rowsPerSecond >= best * (1 - Self.tolerance) }),
            enough < largest
        else { return nil }
        return max(Self.fewestSharedRows, 1 << enough)
    }

    private var known: [Int] { classes.indices.filter { classes[$0].count >= Self.fewest } }

    private static func sizeClass(of rows: Int) -> Int { Int.bitWidth - (rows - 1).leadingZeroBitCount }
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
