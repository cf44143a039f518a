import ModelExecutor
import TestSupport
import Testing

/// What one request may never do to another.
struct BatchIsolationTests {
    private func alone(_ request: GenerationRequest, seed: UInt64 = 9) throws -> GenerationResult {
        var runner = BatchRunner(try ScriptedTokenModel(.noise(seed: seed)))
        let handle = try runner.submit(request)
        try runner.finish()
        return try #require(runner.result(of: handle))
    }

    @Test(arguments: [1, 2, 8, 32])
    func `the same seed and k give the same result`(k: Int) throws {
        let request = GenerationRequest.asking("Count", k: k, .bestScore, seed: 42, maxTokens: 60)
        #expect(try alone(request) == alone(request))
    }

    @Test func `another seed gives other candidates`() throws {
        let one = try alone(.asking("Count", k: 4, .bestScore, seed: 1))
        let other = try alone(.asking("Count", k: 4, .bestScore, seed: 2))
        #expect(one.candidates.map(\.thinking) != other.candidates.map(\.thinking))
    }

    @Test func `a candidate is the same whatever k is`() throws {
        let few = try alone(.asking("Count", k: 2, .bestScore, seed: 1, maxTokens: 40))
        let many = try alone(.asking("Count", k: 16, .bestScore, seed: 1, maxTokens: 40))
        #expect(few.candidates.map(\.thinking) == many.candidates.prefix(2).map(\.thinking))
    }

    @Test(arguments: [1, 2, 3])
    func `requests say the same together as alone`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let requests = (0..<12).map { index in
            GenerationRequest.asking(
                "Question \(index) "
                    + String(repeating: "word ", count: Int.random(in: 0...40, using: &generator)),
                k: Int.random(in: 1...12, using: &generator),
                Selection.allCases[index % Selection.allCases.count],
                seed: generator.next(),
                maxTokens: Int.random(in: 1...60, using: &generator)
            )
        }
        let limits = ModelLimits(contextTokens: 300, sequences: 24, rowsPerBatch: 16, cells: 3000)
        for compacts in [false, true] {
            let model = try ScriptedTokenModel(.noise(seed: seed), limits: limits)
            var runner = BatchRunner(model, settings: BatchSettings(compactsSequences: compacts))
            var handles: [RequestHandle] = []
            for request in requests {
                handles.append(try runner.submit(request))
                if Bool.random(using: &generator) { runner.step() }
            }
            try runner.finish()
            for (request, handle) in zip(requests, handles) {
                let together = try #require(runner.result(of: handle), "seed \(seed): \(runner.failures)")
                let expected = try alone(request, seed: seed)
                #expect(together.candidates == expected.candidates, "seed \(seed), compacting \(compacts)")
                #expect(together.answer == expected.answer)
                #expect(runner.answer(to: handle) == expected.answer)
                #expect(together.winner == expected.winner)
            }
            #expect(runner.isClean)
        }
    }

    @Test(arguments: [(64, 32), (9, 8), (20, 3), (3, 3)])
    func `more candidates than sequences run in waves with the same result`(k: Int, sequences: Int) throws {
        for selection in Selection.allCases {
            let request = GenerationRequest.asking("Count", k: k, selection, seed: 4, maxTokens: 25)
            let roomy = ModelLimits(contextTokens: 512, sequences: 64, rowsPerBatch: 64, cells: 64 * 512)
            var reference = BatchRunner(try ScriptedTokenModel(.noise(seed: 9), limits: roomy))
            let expected = try reference.submit(request)
            try reference.finish()
            let tight = ModelLimits(
                contextTokens: 512,
                sequences: sequences,
                rowsPerBatch: 64,
                cells: sequences * 512
            )
            var runner = BatchRunner(try ScriptedTokenModel(.noise(seed: 9), limits: tight))
            let handle = try runner.submit(request)
            try runner.finish()
            let result = try #require(runner.result(of: handle), "\(runner.failures)")
            #expect(result.candidates == reference.result(of: expected)?.candidates)
            #expect(result.winner == reference.result(of: expected)?.winner)
            #expect(result.answer == reference.result(of: expected)?.answer)
            #expect(runner.isClean)
        }
    }

    @Test func `few cells make waves too`() throws {
        let limits = ModelLimits(contextTokens: 100, sequences: 32, rowsPerBatch: 64, cells: 130)
        var runner = BatchRunner(try ScriptedTokenModel(.noise(seed: 9), limits: limits))
        let handle = try runner.submit(.asking("Count", k: 16, .bestScore, seed: 4, maxTokens: 40))
        try runner.finish()
        #expect(runner.result(of: handle)?.candidates.count == 16)
        #expect(runner.batch.model.mostLiveCells <= 130)
        #expect(runner.isClean)
    }

    @Test func `a prompt of one token runs in waves`() throws {
        let limits = ModelLimits(contextTokens: 50, sequences: 3, rowsPerBatch: 8, cells: 150)
        let model = try ScriptedTokenModel(.saying(.init("abc")), limits: limits, thinks: false)
        var runner = BatchRunner(model)
        let handle = try runner.submit(.asking("", k: 5, .majority))
        try runner.finish()
        #expect(runner.answer(to: handle) == "abc")
        #expect(runner.result(of: handle)?.compute.promptTokens == 1)
        #expect(runner.isClean)
    }

    @Test func `a request that overflows its context leaves the others alone`() throws {
        let limits = ModelLimits(contextTokens: 40, sequences: 8, rowsPerBatch: 16, cells: 320)
        let endless = ScriptedTokenModel.Completion(String(repeating: "z", count: 200))
        let short = ScriptedTokenModel.Completion("ab</think>fine")
        let script = ScriptedBehaviour.completions { $0.hasPrefix("endless") ? [endless] : [short] }
        var runner = BatchRunner(try ScriptedTokenModel(script, limits: limits))
        let overflowing = try runner.submit(.asking("endless", k: 2, .bestScore, maxTokens: 1000))
        let other = try runner.submit(.asking("short", k: 2, .bestScore, maxTokens: 1000))
        try runner.finish()
        #expect(runner.result(of: overflowing)?.finishReason == .length)
        // 9 of 40 positions hold the prompt; one token more is sampled at the last position.
        #expect(runner.result(of: overflowing)?.candidates.map(\.thinkingTokens) == [32, 32])
        #expect(runner.answer(to: other) == "fine")
        #expect(runner.failures.isEmpty)
        #expect(runner.isClean)
    }

    @Test func `a logit that is no number fails its request`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.broken))
        let handle = try runner.submit(.asking(k: 3))
        try runner.finish()
        guard case .modelFailed = runner.failures[handle] else {
            Issue.record("\(runner.log)")
            return
        }
        #expect(runner.isClean)
    }

    @Test func `a failed batch fails who was in it and serves who comes after`() throws {
        var model = try ScriptedTokenModel(.saying(.init("ab</think>yes")))
        model.failingCalls = [2]
        var runner = BatchRunner(model)
        let unlucky = try runner.submit(.asking(k: 2, .bestScore))
        try runner.finish()
        #expect(runner.failures[unlucky] == .modelFailed("scripted failure of call 2"))
        // Two candidates had said "ab" by then.
        #expect(runner.spent[unlucky]?.candidateTokens == 4)
        #expect(runner.spent[unlucky]?.promptTokens == 7)
        #expect(runner.isClean)
        let next = try runner.submit(.asking(k: 2, .bestScore))
        try runner.finish()
        #expect(runner.answer(to: next) == "yes")
    }
}
