public import ModelExecutor

/// The head in the loop beside the reference's arrangement: candidates first, then a second pass that scores them.
///
/// Both sides sample the same candidates of the same prompts. Ours reads the residual stream while it decodes and
/// answers with the best-scored candidate. The reference's side generates with the same executor and the head left
/// out, then evaluates every candidate again with its prompt, and answers with the likeliest, so that the answer is
/// in its time too. They take turns, prompt by prompt, and the best of the rounds counts for each.
public struct TwoPassBenchmark {
    public struct Measurement: Sendable, Hashable {
        public var k: Int
        public var threads: Int
        /// Mean seconds of a request with the head in the loop.
        public var inLoop = 0.0
        /// Mean seconds of a request without scores, and of scoring it afterwards.
        public var generation = 0.0
        public var scoring = 0.0
        public var inLoopTokens = 0
        public var generatedTokens = 0
        /// Step scores of each side: equal, but for a candidate cut off at the token that ends a step.
        public var inLoopSteps = 0
        public var secondPassSteps = 0

        public var ratio: Double { (generation + scoring) / inLoop }
    }

    public var efforts = [8, 32]
    public var rounds = 3
    public var maxTokens = 256
    public var settings = LlamaSettings(contextTokens: 512, prefixSequences: 0)

    public init() {}

    /// One request for each of the prompts, at every effort.
    public func run(
        _ source: ModelSource,
        head: HeadFile,
        prompts: [[ChatMessage]],
        sampling: Sampling,
        progress: (String) -> Void = { _ in }
    ) throws(LlamaError) -> [Measurement] {
        let scored = try LlamaModel(source, head: head, settings: settings)
        let plain = try LlamaModel(source, settings: settings)
        let second = try LlamaModel(source, head: head, settings: settings)
        var inLoop = TimedExecutor(scored, selection: .bestScore, splits: scored.splitsBatchesAtGaps)
        let traces = Traces()
        let logged = TokenLog(plain, traces: traces)
        var generating = TimedExecutor(logged, selection: .likelihood, splits: plain.splitsBatchesAtGaps)
        var scorer = try TraceScorer(second)
        var measurements: [Measurement] = []
        for k in efforts {
            var total = Measurement(k: k, threads: scored.threads)
            for (index, messages) in prompts.enumerated() {
                progress("k = \(k): prompt \(index + 1) of \(prompts.count)")
                var sampling = sampling
                sampling.seed &+= UInt64(index)
                var best = Measurement(
                    k: k,
                    threads: scored.threads,
                    inLoop: .infinity,
                    generation: .infinity
                )
                for _ in 1...max(1, rounds) {
                    let ours = try inLoop.result(k, messages, sampling, maxTokens)
                    best.inLoop = min(best.inLoop, ours.seconds)
                    best.inLoopTokens = ours.compute.candidateTokens
                    best.inLoopSteps = ours.compute.scoredSteps
                    let theirs = try generating.result(k, messages, sampling, maxTokens)
                    let prompt = theirs.compute.promptTokens
                    let scoring = try secondPass(traces.take(longerThan: prompt), prompt, &scorer)
                    best.generatedTokens = theirs.compute.candidateTokens
                    best.secondPassSteps = scoring.steps
                    guard theirs.seconds + scoring.seconds < best.generation + best.scoring else { continue }
                    best.generation = theirs.seconds
                    best.scoring = scoring.seconds
                }
                total.add(best, of: prompts.count)
            }
            measurements.append(total)
        }
        return measurements
    }

    private func secondPass(
        _ traces: [[Token]],
        _ prompt: Int,
        _ scorer: inout TraceScorer
    ) throws(LlamaError) -> (seconds: Double, steps: Int) {
        let start = ContinuousClock.now
        var steps = 0
        do {
            for trace in traces { steps += try scorer.scores(of: trace, prompt: prompt).count }
        } catch {
            throw .benchmarkFailed("\(error)")
        }
        return ((ContinuousClock.now - start) / .seconds(1), steps)
    }
}

extension TwoPassBenchmark.Measurement {
    fileprivate mutating func add(_ one: Self, of count: Int) {
        inLoop += one.inLoop / Double(count)
        generation += one.generation / Double(count)
        scoring += one.scoring / Double(count)
        inLoopTokens += one.inLoopTokens
        generatedTokens += one.generatedTokens
        inLoopSteps += one.inLoopSteps
        secondPassSteps += one.secondPassSteps
    }
}

/// Runs one request after another and times each.
private struct TimedExecutor<Model: TokenModel> {
    private var batch: ContinuousBatch<Model>
    private let selection: Selection

    init(_ model: Model, selection: Selection, splits: Bool) {
        batch = ContinuousBatch(model: model, settings: BatchSettings(compactsSequences: splits))
        self.selection = selection
    }

    mutating func result(
        _ k: Int,
        _ messages: [ChatMessage],
        _ sampling: Sampling,
        _ maxTokens: Int
    ) throws(LlamaError) -> (seconds: Double, compute: Compute) {
        let request = GenerationRequest(
            messages: messages,
            effort: Effort(k: k, selection: selection),
            sampling: sampling,
            maxTokens: maxTokens
        )
        let start = ContinuousClock.now
        do {
            _ = try batch.submit(request, now: start)
        } catch {
            throw .benchmarkFailed("\(error)")
        }
        var compute: Compute?
        while batch.hasWork {
            for emission in batch.step(now: .now) {
                switch emission.content {
                case .failed(let error, _): throw .benchmarkFailed("\(error)")
                case .event(.finished(let result)): compute = result.compute
                default: break
                }
            }
        }
        guard let compute else { throw .benchmarkFailed("a request ended without a result") }
        return ((ContinuousClock.now - start) / .seconds(1), compute)
    }
}
