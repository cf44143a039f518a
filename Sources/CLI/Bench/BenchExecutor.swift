import ArgumentParser
import LlamaBackend
import Policy

/// `headgate bench executor`: tokens per second with sampling and scoring, beside llama.cpp's own benchmark.
struct BenchExecutor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executor",
        abstract: "Measure decoding over k and settings, beside llama.cpp's own batched benchmark.",
        discussion: """
            Every value of each list is measured with every value of the others. The executor samples and scores; \
            llama.cpp's benchmark feeds random tokens and looks at no output. Both take turns on the same file \
            with the same settings, and the ratio is what counts: for one request at a time, since llama.cpp's \
            benchmark knows no second prompt. `make bench-tools` builds it; without it only our own speed is \
            printed. The best of the rounds counts, because other work on the machine only slows down.

            The built-in model also solves puzzles at each k, to show what its tokens buy.

            Example:
              headgate bench executor --k 8,32 --kv-layout per_sequence,unified --prompt-tokens 40,400
            """
    )

    @Option(help: ArgumentHelp("Model to measure instead of the built-in one.", valueName: "gguf"))
    var model: String?

    @Option(help: ArgumentHelp("Score head of --model; without one nothing is scored.", valueName: "gguf"))
    var head: String?

    @Option(help: ArgumentHelp("Candidates of a request.", valueName: "list"))
    var k = ArgumentList([1, 8, 32, 64])

    @Option(help: ArgumentHelp("Requests at once.", valueName: "list"))
    var concurrency = ArgumentList([1, 4])

    @Option(help: ArgumentHelp("Lengths of the prompt.", valueName: "list"))
    var promptTokens = ArgumentList([40])

    @Option(
        help: ArgumentHelp("Layouts of the key-value cache: auto, per_sequence, unified.", valueName: "list")
    )
    var kvLayout = ArgumentList([LlamaSettings.Layout.automatic])

    @Option(help: ArgumentHelp("Types of keys and values: f16, q8_0, f32.", valueName: "list"))
    var kvType = ArgumentList([LlamaSettings.CacheType.half])

    @Option(
        help: ArgumentHelp("Threads; chosen from the machine and the model when left out.", valueName: "list")
    )
    var threads: ArgumentList<Int>?

    @Option(help: "Whether attention runs as one fused operation.")
    var flashAttention = LlamaSettings.FlashAttention.automatic

    @Option(help: "Layers to put on a GPU, where libllama was built for one; -1 is all.")
    var gpuLayers = -1

    @Option(help: "Tokens that each candidate generates.")
    var tokens = 64

    @Option(help: "Rounds; the best of each side counts.")
    var rounds = 2

    @Option(help: "Puzzles that the built-in model solves at each k; 0 for none.")
    var puzzles = 24

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if let problem = grid.problem { throw ValidationError(problem) }
        for (name, value, range) in [
            ("tokens", tokens, 4...ExecutorBenchmark.mostTokens), ("rounds", rounds, 1...100),
            ("puzzles", puzzles, 0...PuzzleQuestions.most),
        ] where !range.contains(value) {
            throw ValidationError("--\(name) is \(value); choose \(range.lowerBound) to \(range.upperBound)")
        }
        guard head == nil || model != nil else {
            throw ValidationError("--head belongs to a --model; the built-in model has its own")
        }
        guard !kvType.values.contains(.eightBit) || flashAttention != .off else {
            throw ValidationError("--kv-type q8_0 needs flash attention; use --flash-attention auto or on")
        }
    }

    func run() async throws {
        var benchmark = ExecutorBenchmark()
        benchmark.grid = grid
        benchmark.tokens = tokens
        benchmark.rounds = rounds
        benchmark.flashAttention = flashAttention
        benchmark.gpuLayers = gpuLayers
        let points: [ExecutorBenchmark.Measurement]
        if let model {
            let file: HeadFile? = if let head { try HeadFile(path: head) } else { nil }
            points = try benchmark.run(.file(path: model), head: file) { note($0) }
        } else {
            let (bytes, head) = try LoadedModel.builtIn()
            points = try benchmark.run(bytes, head: head) { note($0) }
        }
        if BenchTool.batchedBench.path == nil { note("no reference: run `make bench-tools` once") }
        let accuracy = model == nil && puzzles > 0 ? try await solved() : []
        let report = Report(points: points.map(Report.Point.init), accuracy: accuracy)
        print(json ? try JSONText.encode(report) : report.table(.output))
    }

    private var grid: BenchmarkGrid {
        var grid = BenchmarkGrid()
        grid.efforts = k.values
        grid.concurrency = concurrency.values
        grid.promptTokens = promptTokens.values
        grid.layouts = kvLayout.values
        grid.cacheTypes = kvType.values
        grid.threads = threads?.values ?? []
        return grid
    }

    /// The built-in model's accuracy at each k, on settings of its own: the grid's change speed, not answers.
    private func solved() async throws -> [ModeTally] {
        let questions = PuzzleQuestions(count: puzzles, seed: 1, maxTokens: 256)
        return try await BackendOptions.parse([]).withBackend { backend in
            var tallies: [ModeTally] = []
            for k in k.values {
                let mode = Mode(name: ModeName(rawValue: "best_score@\(k)"), k: k, select: .bestScore)
                var progress = Progress("puzzles at k = \(k)", total: puzzles)
                var answers: [PuzzleQuestions.Answer] = []
                for index in 0..<puzzles {
                    answers.append(try await questions.answer(index, mode: mode, by: backend))
                    progress.show(index + 1)
                }
                tallies.append(ModeTally(mode, answers))
            }
            return tallies
        }
    }
}

extension BenchExecutor {
    struct Report: Encodable {
        let points: [Point]
        /// Empty where nothing was asked.
        let accuracy: [ModeTally]

        struct Point: Encodable {
            let k: Int
            let concurrency: Int
            let promptTokens: Int
            let kvLayout: String
            let kvType: String
            let threads: Int
            let tokensPerSecond: Double
            let msPerRequest: Double
            let kvBytes: Int
            let referenceTokensPerSecond: Double?
            let ratio: Double?

            init(_ measurement: ExecutorBenchmark.Measurement) {
                k = measurement.point.k
                concurrency = measurement.point.concurrency
                promptTokens = measurement.point.opening.promptTokens
                kvLayout = measurement.isUnified ? "unified" : "per_sequence"
                kvType = measurement.point.opening.cacheType.rawValue
                threads = measurement.threads
                tokensPerSecond = measurement.tokensPerSecond
                msPerRequest = measurement.millisecondsPerRequest
                kvBytes = measurement.cacheBytes
                referenceTokensPerSecond = measurement.reference
                ratio = measurement.ratio
            }
        }

        func table(_ terminal: Terminal) -> String {
            let head =
                "k   at once   prompt   layout         type   threads   tokens/s   ms/request   KV MB   "
                + "llama.cpp   ratio"
            let rows = points.map { point in
                "\(point.k)".padded(4) + "\(point.concurrency)".padded(-7)
                    + "\(point.promptTokens)".padded(-9)
                    + "   " + point.kvLayout.padded(12) + "   " + point.kvType.padded(5)
                    + "\(point.threads)".padded(-9) + point.tokensPerSecond.fixed(0).padded(-11)
                    + point.msPerRequest.fixed(1).padded(-13)
                    + (Double(point.kvBytes) / 1e6).fixed(1).padded(-8)
                    + (point.referenceTokensPerSecond.map { $0.fixed(0) } ?? "–").padded(-12)
                    + (point.ratio.map { $0.fixed(2) } ?? "–").padded(-8)
            }
            return ([terminal.styled(head, .bold)] + rows + solved(terminal)).joined(separator: "\n")
        }

        private func solved(_ terminal: Terminal) -> [String] {
            guard !accuracy.isEmpty else { return [] }
            let head = "k     right, 95 % interval     tokens/puzzle   right/1000 tokens"
            return ["", terminal.styled(head, .bold)]
                + accuracy.map { tally in
                    let tokens = Double(tally.candidateTokens) / Double(tally.questions)
                    return "\(tally.k)".padded(4) + tally.accuracyText.padded(-24)
                        + tokens.fixed(1).padded(-18)
                        + tally.rightPerThousandTokens.fixed(2).padded(-20)
                }
        }
    }
}
