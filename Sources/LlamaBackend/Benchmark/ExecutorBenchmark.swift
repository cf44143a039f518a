internal import ModelExecutor

/// Tokens per second of the executor, beside llama.cpp's own batched benchmark on the same file.
///
/// The executor samples and scores; llama.cpp's benchmark feeds random tokens and looks at no output. Both get the
/// same threads, context, batch size, cache type and layout, share one prompt among the sequences, and are timed
/// from the second token on. They take turns and the best of the rounds counts, because other work on the machine
/// only ever slows down. Only one request at a time compares: llama.cpp's benchmark knows no second prompt.
public struct ExecutorBenchmark {
    public struct Measurement: Sendable, Hashable {
        public var point: BenchmarkGrid.Point
        public var threads: Int
        public var isUnified: Bool
        /// Candidate tokens of all requests, from the first one's second on.
        public var tokensPerSecond: Double
        /// From submission to the last token, over the requests.
        public var millisecondsPerRequest: Double
        /// What the requests fill of the key-value cache at their ends.
        public var cacheBytes: Int
        /// Tokens per second of llama.cpp's benchmark; nil when it is not built or knows no such thing.
        public var reference: Double?

        public var ratio: Double? { reference.map { tokensPerSecond / $0 } }
    }

    public var grid = BenchmarkGrid()
    /// Tokens that each candidate generates.
    public var tokens = 64
    public var rounds = 3
    public var flashAttention = LlamaSettings.FlashAttention.automatic
    public var gpuLayers = -1

    public init() {}

    /// The most tokens of a candidate: a candidate of ten minutes on a slow machine.
    public static let mostTokens = 4096

    /// Measures every point; `progress` is told what is running.
    public func run(
        _ source: ModelSource,
        head: HeadFile? = nil,
        progress: (String) -> Void = { _ in }
    ) throws(LlamaError) -> [Measurement] {
        if let problem = grid.problem { throw .benchmarkFailed(problem) }
        let file = try ModelFile(source)
        var measurements: [Measurement] = []
        for opening in grid.openings {
            measurements += try measure(opening, source, head, file: file.path, progress: progress)
        }
        return measurements
    }

    private func measure(
        _ opening: BenchmarkGrid.Opening,
        _ source: ModelSource,
        _ head: HeadFile?,
        file: String,
        progress: (String) -> Void
    ) throws(LlamaError) -> [Measurement] {
        let model = try LlamaModel(source, head: head, settings: settings(opening))
        guard model.limits.contextTokens >= opening.promptTokens + tokens else {
            throw .benchmarkFailed(
                "a prompt of \(opening.promptTokens) and \(tokens) tokens after it do not fit the model's context "
                    + "of \(model.limits.contextTokens)"
            )
        }
        var measurements = grid.points(of: opening).map { point in
            Measurement(
                point: point,
                threads: model.threads,
                isUnified: model.isUnified,
                tokensPerSecond: 0,
                millisecondsPerRequest: .infinity,
                cacheBytes: cells(point, isUnified: model.isUnified) * model.cacheBytesPerToken
            )
        }
        let reference = BenchTool.batchedBench.path.map {
            BatchedBench(
                tool: $0,
                file: file,
                tokens: tokens,
                flashAttention: flashAttention,
                gpuLayers: gpuLayers
            )
        }
        for round in 1...max(1, rounds) {
            for index in measurements.indices {
                let point = measurements[index].point
                progress("round \(round) of \(rounds): executor, \(label(point))")
                var run = ExecutorRun(model: model, tokens: tokens)
                let pace = try run.pace(k: point.k, requests: point.concurrency, prompt: opening.promptTokens)
                let best = measurements[index]
                measurements[index].tokensPerSecond = max(best.tokensPerSecond, pace.tokensPerSecond)
                measurements[index].millisecondsPerRequest =
                    min(best.millisecondsPerRequest, pace.millisecondsPerRequest)
            }
            guard let reference, grid.concurrency.contains(1) else { continue }
            progress("round \(round) of \(rounds): llama-batched-bench")
            let speeds = try reference.speeds(opening, efforts: grid.efforts, of: model)
            for index in measurements.indices where measurements[index].point.concurrency == 1 {
                guard let speed = speeds[measurements[index].point.k] else { continue }
                measurements[index].reference = max(measurements[index].reference ?? 0, speed)
            }
        }
        return measurements
    }

    private func settings(_ opening: BenchmarkGrid.Opening) -> LlamaSettings {
        LlamaSettings(
            layout: opening.layout,
            cacheType: opening.cacheType,
            flashAttention: flashAttention,
            contextTokens: opening.promptTokens + tokens,
            sequences: grid.sequences,
            // One for the prompt of each request that runs; every prompt is another one, so there is nothing to reuse.
            prefixSequences: grid.concurrency.max() ?? 1,
            threads: opening.threads,
            gpuLayers: gpuLayers
        )
    }

    private func cells(_ point: BenchmarkGrid.Point, isUnified: Bool) -> Int {
        let prompts = isUnified ? 1 : point.k
        return point.concurrency * (prompts * point.opening.promptTokens + point.k * tokens)
    }

    private func label(_ point: BenchmarkGrid.Point) -> String {
        "k = \(point.k), \(point.concurrency) at once, prompt of \(point.opening.promptTokens), "
            + "\(point.opening.layout.rawValue), \(point.opening.cacheType.rawValue)"
    }
}
