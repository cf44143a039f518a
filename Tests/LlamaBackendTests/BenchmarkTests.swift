import ModelExecutor
import TestSupport
import Testing

@testable import LlamaBackend

/// What the benchmarks measure, not how fast it is.
@Suite struct BenchmarkTests {
    @Test func `the second pass gives the scores of the loop`() throws {
        let traces = Traces()
        let model = try TestModels.defaultModel()
        var batch = ContinuousBatch(
            model: TokenLog(model, traces: traces),
            settings: BatchSettings(compactsSequences: true)
        )
        _ = try batch.submit(TestModels.request(k: 8), now: .now)
        var results: [GenerationResult] = []
        while batch.hasWork {
            for case .event(.finished(let result)) in batch.step(now: .now).map(\.content) {
                results.append(result)
            }
        }
        let result = try #require(results.first)
        let prompt = result.compute.promptTokens
        let logged = traces.take(longerThan: prompt)
        #expect(logged.count == 8)
        #expect(traces.take(longerThan: 0).isEmpty)

        var scorer = try TraceScorer(TestModels.defaultModel())
        var scored: [String: [Double]] = [:]
        for trace in logged {
            let think = trace.dropFirst(prompt).prefix { $0 != model.vocabulary.thinkClose }
            let text = String(decoding: think.flatMap(model.bytes), as: UTF8.self)
            scored[text] = try scorer.scores(of: trace, prompt: prompt)
        }
        #expect(result.candidates.reduce(0) { $0 + $1.stepScores.count } > 8)
        for candidate in result.candidates {
            let second = try #require(
                scored.first { key, _ in key.hasPrefix(candidate.thinking) }?.value,
                "no trace thinks as candidate \(candidate.index) does"
            )
            #expect(second.count == candidate.stepScores.count)
            // 16-bit keys and values: a pass over the whole rounds differently from one token at a time.
            for (one, other) in zip(second, candidate.stepScores) {
                #expect(abs(one - other) < 0.02, "\(second) and \(candidate.stepScores)")
            }
        }
    }

    @Test func `both arrangements do the same work`() throws {
        var benchmark = TwoPassBenchmark()
        benchmark.efforts = [2]
        benchmark.rounds = 1
        benchmark.settings = TestModels.settings(sequences: 2)
        let rows = try benchmark.run(
            .bytes(TestModels.modelBytes, name: "the embedded model"),
            head: HeadFile(bytes: TestModels.headBytes, name: "the embedded head"),
            prompts: [TestModels.puzzle],
            sampling: Sampling(seed: 3)
        )
        let row = try #require(rows.first)
        #expect(rows.count == 1 && row.k == 2)
        #expect(row.inLoopSteps > 0 && row.inLoopSteps == row.secondPassSteps)
        #expect(row.inLoop > 0 && row.generation > 0 && row.scoring > 0)
    }

    @Test func `every point of a grid is measured`() throws {
        var benchmark = ExecutorBenchmark()
        benchmark.grid.efforts = [1, 2]
        benchmark.grid.concurrency = [2]
        benchmark.grid.promptTokens = [8, 16]
        benchmark.grid.layouts = [.perSequence, .unified]
        benchmark.grid.cacheTypes = [.eightBit]
        benchmark.grid.threads = [1]
        benchmark.tokens = 8
        benchmark.rounds = 1
        let rows = try benchmark.run(.bytes(TestModels.modelBytes, name: "the embedded model"))
        #expect(rows.count == 8)
        #expect(rows.allSatisfy { $0.tokensPerSecond > 0 && $0.millisecondsPerRequest.isFinite })
        let bytes = rows.map { $0.cacheBytes / (6 * 3 * 2 * 34) }
        // Requests at once, times the prompt for each candidate or for all, and what each candidate says.
        #expect(bytes == [32, 64, 32, 48, 48, 96, 48, 64])
    }

    @Test func `a prompt that does not fit is refused`() {
        var benchmark = ExecutorBenchmark()
        benchmark.grid.promptTokens = [1_000]
        benchmark.grid.efforts = [1]
        let error = #expect(throws: LlamaError.self) {
            try benchmark.run(.bytes(TestModels.modelBytes, name: "the embedded model"))
        }
        #expect(error.map { "\($0)".contains("do not fit the model's context of 1024") } ?? false)
    }

    @Test func `speeds are read from the lines of llama.cpp's benchmark`() {
        let text = """
            llama_batched_bench: something else
            {"pp": 40, "tg": 128, "pl": 8, "n_kv": 1344, "speed_pp": 9905.8, "t_tg": 0.18, "speed_tg": 5546.5, "t": 1}
            {"pp": 40, "tg": 128, "pl": 32, "speed_tg": 5306}
            {"pl": 64}
            """
        #expect(BatchedBench.speeds(inLines: text) == [8: 5546.5, 32: 5306])
    }

    @Test(arguments: [
        ([0], [1], "--k holds 0; choose 1 to 64"), ([65], [1], "--k holds 65; choose 1 to 64"),
        ([], [1], "--k is empty"), ([8, 8], [1], "--k names a value twice"),
        ([64], [5], "is 320 sequences; llama.cpp holds 256"), ([1], [257], "--concurrency holds 257"),
    ])
    func `an absurd grid is refused`(efforts: [Int], concurrency: [Int], problem: String) {
        var grid = BenchmarkGrid()
        grid.efforts = efforts
        grid.concurrency = concurrency
        #expect(grid.problem?.contains(problem) ?? false, "\(grid.problem ?? "none")")
    }

    @Test func `a grid of hours is refused and the default is not`() {
        var grid = BenchmarkGrid()
        #expect(grid.problem == nil)
        grid.promptTokens = Array(1...33)
        #expect(grid.problem == "these are 264 combinations; choose 1 to 256")
    }

    @Test func `prompts of a benchmark differ from their first token on and are the same each time`() throws {
        let model = try ScriptedTokenModel(.noise(seed: 5))
        var prompts = BenchmarkPrompts(model: model)
        var again = BenchmarkPrompts(model: model)
        let one = prompts.next(20)
        #expect(one == again.next(20))
        #expect(one.count == 20 && one.allSatisfy { !model.bytes(of: $0).isEmpty })
        #expect(prompts.next(20) != one)
    }
}
