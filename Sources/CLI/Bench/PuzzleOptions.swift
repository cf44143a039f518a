import ArgumentParser

/// What the benchmarks that ask puzzles have in common.
struct PuzzleOptions: ParsableArguments {
    @Option(help: "Most tokens of one candidate, thinking and answer together.")
    var maxTokens = 256

    @Option(help: "Seed of the sampling and of the puzzles.")
    var seed: UInt64 = 1

    @Flag(help: "Print the result as JSON.")
    var json = false

    func questions(_ count: Int) -> PuzzleQuestions {
        PuzzleQuestions(count: count, seed: seed, maxTokens: maxTokens)
    }
}
