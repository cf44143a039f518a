import ArgumentParser
import LlamaBackend
import ModelExecutor

/// `headgate bench two-pass`: scoring in the loop beside scoring in a second pass.
struct BenchTwoPass: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "two-pass",
        abstract: "Measure scoring while decoding beside scoring in a second pass, as the reference does.",
        discussion: """
            Both sides sample the same candidates of the same puzzles with the same executor and settings. Ours \
            scores them while it decodes and answers with the best. The other generates without a head and \
            answers with the likeliest, then evaluates each candidate again with its prompt and scores its steps. \
            They take turns, puzzle by puzzle; the best of the rounds counts for each. \
            Prompts are not kept on either side.
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: ArgumentHelp("Candidates of a request.", valueName: "list"))
    var k = ArgumentList([8, 32])

    @Option(help: "Puzzles.")
    var puzzles = 8

    @Option(help: "Rounds; the best of each side counts.")
    var rounds = 3

    @OptionGroup var puzzle: PuzzleOptions

    func validate() throws {
        var grid = BenchmarkGrid()
        grid.efforts = k.values
        grid.concurrency = [1]
        if let problem = grid.problem { throw ValidationError(problem) }
        for (name, value, range) in [
            ("puzzles", puzzles, 1...PuzzleQuestions.most), ("rounds", rounds, 1...100),
            ("max-tokens", puzzle.maxTokens, 1...GenerationRequest.maximumTokens),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(value); choose \(range.lowerBound) to \(range.upperBound)")
        }
        guard (model.model == nil) == (model.head == nil) else {
            throw ValidationError("--model needs its --head here: scoring is what is measured")
        }
    }

    func run() throws {
        var benchmark = TwoPassBenchmark()
        benchmark.efforts = k.values
        benchmark.rounds = rounds
        benchmark.maxTokens = puzzle.maxTokens
        benchmark.settings = model.settings
        // The rounds repeat the prompts, which a kept one would make cheaper for generation alone.
        benchmark.settings.prefixSequences = 0
        let questions = puzzle.questions(puzzles)
        let (source, head) = try files()
        var sampling = try LoadedModel(path: model.model, head: model.head, settings: benchmark.settings)
            .description.sampling
        sampling.seed = puzzle.seed
        let rows = try benchmark.run(
            source,
            head: head,
            prompts: (0..<puzzles).map(questions.messages),
            sampling: sampling
        ) { note($0) }
        print(puzzle.json ? try JSONText.encode(rows.map(Row.init)) : table(rows.map(Row.init)))
    }

    private func files() throws -> (ModelSource, HeadFile) {
        guard let path = model.model, let head = model.head else { return try LoadedModel.builtIn() }
        return (.file(path: path), try HeadFile(path: head))
    }

    private func table(_ rows: [Row]) -> String {
        let head =
            "k   threads   in loop ms   two passes ms   generation ms   scoring ms   tokens   steps   ratio"
        let body = rows.map { row in
            "\(row.k)".padded(4) + "\(row.threads)".padded(-7) + row.inLoopMs.fixed(1).padded(-13)
                + row.twoPassMs.fixed(1).padded(-16) + row.generationMs.fixed(1).padded(-16)
                + row.scoringMs.fixed(1).padded(-13) + "\(row.candidateTokens)".padded(-9)
                + "\(row.scoredSteps)".padded(-8) + row.ratio.fixed(2).padded(-8)
        }
        return ([Terminal.output.styled(head, .bold)] + body).joined(separator: "\n")
    }

    /// Milliseconds are means over the puzzles; the other side's tokens and steps are printed to show that it did
    /// the same work.
    struct Row: Encodable {
        let k: Int
        let threads: Int
        let inLoopMs: Double
        let twoPassMs: Double
        let generationMs: Double
        let scoringMs: Double
        let candidateTokens: Int
        let twoPassCandidateTokens: Int
        let scoredSteps: Int
        let twoPassScoredSteps: Int
        let ratio: Double

        init(_ measurement: TwoPassBenchmark.Measurement) {
            k = measurement.k
            threads = measurement.threads
            inLoopMs = measurement.inLoop * 1000
            generationMs = measurement.generation * 1000
            scoringMs = measurement.scoring * 1000
            twoPassMs = generationMs + scoringMs
            candidateTokens = measurement.inLoopTokens
            twoPassCandidateTokens = measurement.generatedTokens
            scoredSteps = measurement.inLoopSteps
            twoPassScoredSteps = measurement.secondPassSteps
            ratio = measurement.ratio
        }
    }
}
