internal import ModelExecutor

/// One measured run of the executor: equal requests with prompts of their own, all submitted at once.
struct ExecutorRun {
    struct Pace {
        var tokensPerSecond: Double
        var millisecondsPerRequest: Double
    }

    private var batch: ContinuousBatch<UnendingModel<LlamaModel>>
    private let tokens: Int

    /// `tokens`: what each candidate generates.
    init(model: LlamaModel, tokens: Int) {
        batch = ContinuousBatch(
            model: UnendingModel(model),
            settings: BatchSettings(compactsSequences: model.splitsBatchesAtGaps)
        )
        self.tokens = tokens
    }

    mutating func pace(k: Int, requests: Int, prompt: Int) throws(LlamaError) -> Pace {
        var generator = BenchmarkPrompts(model: batch.model)
        let prompts = (0..<requests).map { _ in generator.next(prompt) }
        let clock = ContinuousClock()
        let submitted = clock.now
        for (index, prompt) in prompts.enumerated() {
            do {
                _ = try batch.submit(request(k: k, seed: UInt64(index)), prompt: prompt, now: submitted)
            } catch {
                throw .benchmarkFailed("\(error)")
            }
        }
        var started: ContinuousClock.Instant?
        var steps = 0
        var (generated, ended, waited) = (0, 0, Duration.zero)
        while batch.hasWork {
            for emission in batch.step(now: clock.now) {
                switch emission.content {
                case .failed(let error, _): throw .benchmarkFailed("\(error)")
                case .event(.prefilled) where steps == 0: steps = 1
                case .event(.finished(let result)):
                    generated += result.compute.candidateTokens
                    ended += 1
                    waited += clock.now - submitted
                default: break
                }
            }
            // The first batch after the prompt also copies its cells, which the reference does before its clock.
            if steps == 2 { started = clock.now }
            if steps > 0 { steps += 1 }
        }
        guard let started, ended == requests, generated > 2 * k else {
            throw .benchmarkFailed("the model said nothing")
        }
        // The first request's candidates have two tokens each by then.
        let seconds = (clock.now - started) / .seconds(1)
        return Pace(
            tokensPerSecond: Double(generated - 2 * k) / seconds,
            millisecondsPerRequest: waited / .milliseconds(1) / Double(requests)
        )
    }

    private func request(k: Int, seed: UInt64) -> GenerationRequest {
        GenerationRequest(
            messages: [ChatMessage(role: .user, content: "benchmark")],
            effort: Effort(k: k, selection: batch.model.head != nil ? .bestScore : .likelihood),
            sampling: Sampling(seed: seed + 1),
            maxTokens: tokens
        )
    }
}

/// Prompts of random text tokens, no two alike from their first token on, the same in every run.
struct BenchmarkPrompts {
    private let words: [Token]
    private var state: UInt64 = 1

    init(model: some TokenModel) {
        words = (0..<Token(model.vocabulary.size)).filter {
            !model.bytes(of: $0).isEmpty && !model.vocabulary.step.contains($0)
        }
    }

    mutating func next(_ count: Int) -> [Token] {
        (0..<count).map { _ in
            // Knuth's generator of MMIX; the upper half is random enough to choose words.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return words[Int(state >> 33) % words.count]
        }
    }
}
