import TestSupport
import Testing

@testable import ModelExecutor

/// What becomes of requests that find no place, or run out of time.
struct WaitingTests {
    private static let thought = ScriptedTokenModel.Completion(
        String(repeating: "a", count: 20) + ".\n\n</think>done",
        stepScores: [0.7]
    )

    private func runner(_ script: ScriptedTokenModel.Completion = thought, sequences: Int) throws
        -> BatchRunner
    {
        let limits = ModelLimits(
            contextTokens: 200,
            sequences: sequences,
            rowsPerBatch: 64,
            cells: 200 * sequences
        )
        return BatchRunner(try ScriptedTokenModel(.saying(script), limits: limits))
    }

    private func request(k: Int, fallbacks: [Int], patience: Duration?) -> GenerationRequest {
        var request = GenerationRequest.asking(k: k, .bestScore)
        request.fallbacks = fallbacks.map { Effort(k: $0, selection: $0 == 1 ? .first : .bestScore) }
        request.patience = patience
        return request
    }

    @Test func `a request that waited long enough goes on with less`() throws {
        var runner = try runner(sequences: 4)
        _ = try runner.submit(.asking("first", k: 3, .bestScore, maxTokens: 150))
        runner.step()
        // One sequence is free: enough for one candidate, not for the three that eight begin with.
        let degraded = try runner.submit(request(k: 8, fallbacks: [2, 1], patience: .milliseconds(40)))
        for _ in 0..<4 { runner.step() }
        #expect(runner.batch.queuedRequests == 1)
        try runner.finish()
        let result = try #require(runner.result(of: degraded), "\(runner.failures)")
        #expect(result.fallback == 2)
        #expect(result.candidates.count == 1)
        #expect(result.queued == .milliseconds(40))
        let prefilled = runner.events[degraded]?.first
        #expect(prefilled == .prefilled(Prefilled(promptTokens: 7, fallback: 2)))
        #expect(runner.isClean)
    }

    @Test func `without a smaller effort it is told that it waited too long`() throws {
        var runner = try runner(sequences: 1)
        _ = try runner.submit(.asking("first"))
        runner.step()
        let impatient = try runner.submit(request(k: 1, fallbacks: [], patience: .milliseconds(40)))
        try runner.finish()
        #expect(runner.failures[impatient] == .waitedTooLong(.milliseconds(40)))
        #expect(runner.isClean)
    }

    @Test func `the smallest effort waits once more and then gives up`() throws {
        var runner = try runner(sequences: 2)
        for text in ["first", "second"] { _ = try runner.submit(.asking(text)) }
        runner.step()
        let waiting = try runner.submit(request(k: 2, fallbacks: [1], patience: .milliseconds(30)))
        try runner.finish()
        #expect(runner.failures[waiting] == .waitedTooLong(.milliseconds(60)))
    }

    @Test func `one without patience waits for its place`() throws {
        var runner = try runner(sequences: 1)
        _ = try runner.submit(.asking("first"))
        let second = try runner.submit(request(k: 1, fallbacks: [], patience: nil))
        try runner.finish()
        #expect(runner.result(of: second)?.answer == "done")
    }

    /// A batch of 32 rows takes 10 ms here, as does one of 1; a candidate thinks 22 tokens and answers 4.
    private func warm(_ runner: inout BatchRunner) throws {
        for k in [1, 2] {
            _ = try runner.submit(.asking(k: k, .bestScore))
            try runner.finish()
        }
    }

    @Test func `what can't finish is not started`() throws {
        var runner = try runner(sequences: 4)
        try warm(&runner)
        // Each wave of lanes takes 220 ms; there is time for two.
        var request = GenerationRequest.asking(k: 32, .bestScore)
        request.deadline = runner.clock.now + .milliseconds(600)
        let handle = try runner.submit(request)
        try runner.finish()
        let result = try #require(runner.result(of: handle), "\(runner.failures)")
        #expect(result.stoppedBy == .deadline)
        #expect((4...8).contains(result.candidates.count), "\(result.candidates.count)")
        #expect(result.candidates.allSatisfy { $0.end != .cancelled })
        #expect(result.answer == "done")
        #expect(runner.isClean)
    }

    @Test func `an answer does not wait for a straggler past its deadline`() throws {
        let quick = ScriptedTokenModel.Completion("q.\n\n</think>quick", stepScores: [0.5])
        let slow = ScriptedTokenModel.Completion(String(repeating: "s", count: 90), stepScores: [0.9])
        let limits = ModelLimits(contextTokens: 200, sequences: 8, rowsPerBatch: 64, cells: 1_600)
        let script = ScriptedBehaviour.completions { $0 == "warm" ? [quick] : [quick, slow] }
        var runner = BatchRunner(try ScriptedTokenModel(script, limits: limits))
        for _ in 0..<4 {
            _ = try runner.submit(.asking("warm", k: 2, .bestScore))
            try runner.finish()
        }
        var request = GenerationRequest.asking("both", k: 8, .bestScore, maxTokens: 150)
        request.deadline = runner.clock.now + .milliseconds(500)
        let handle = try runner.submit(request)
        try runner.finish()
        let result = try #require(runner.result(of: handle), "\(runner.failures)")
        #expect(result.answer == "quick")
        #expect(result.stoppedBy == .deadline)
        #expect(result.candidates.contains { $0.end == .cancelled })
        #expect(runner.isClean)
    }

    @Test(arguments: [600, 2_000])
    func `as many as are free of charge are started, however few ran before`(milliseconds: Int) throws {
        let limits = ModelLimits(contextTokens: 200, sequences: 72, rowsPerBatch: 128, cells: 72 * 200)
        let text = String(repeating: "a", count: 40) + ".\n\n</think>done"
        var runner = BatchRunner(
            try ScriptedTokenModel(.saying(.init(text, stepScores: [0.7])), limits: limits)
        )
        for k in [1, 2, 1, 2] {
            _ = try runner.submit(.asking(k: k, .bestScore))
            try runner.finish()
        }
        // A batch takes as long with any number of rows, 470 ms for them all.
        var request = GenerationRequest.asking(k: 32, .bestScore)
        request.deadline = runner.clock.now + .milliseconds(milliseconds)
        let handle = try runner.submit(request)
        try runner.finish()
        #expect(runner.result(of: handle)?.candidates.count == 32)
    }

    @Test func `what had ended by itself was not stopped by its deadline`() throws {
        for milliseconds in stride(from: 100, through: 600, by: 10) {
            var runner = try runner(sequences: 8)
            try warm(&runner)
            var request = GenerationRequest.asking(k: 2, .bestScore)
            request.deadline = runner.clock.now + .milliseconds(milliseconds)
            let handle = try runner.submit(request)
            try runner.finish()
            guard let result = runner.result(of: handle), result.candidates.count == 2,
                result.candidates.allSatisfy({ $0.isComplete })
            else { continue }
            #expect(result.stoppedBy == nil, "\(milliseconds) ms")
        }
    }

    @Test(arguments: 1...6)
    func `somebody else's prompt cuts nothing short`(seed: UInt64) throws {
        let limits = ModelLimits(contextTokens: 400, sequences: 72, rowsPerBatch: 128, cells: 72 * 400)
        let quick = ScriptedTokenModel.Completion(
            "q.\n\n</think>quick and long answer with many letters",
            stepScores: [0.5]
        )
        let slow = ScriptedTokenModel.Completion(
            String(repeating: "s", count: 60) + ".\n\n</think>slow",
            stepScores: [0.9]
        )
        let script = ScriptedBehaviour.completions { $0 == "warm" ? [quick] : [quick, slow] }
        func answer(company: Bool) throws -> GenerationResult? {
            var runner = BatchRunner(try ScriptedTokenModel(script, limits: limits))
            for k in [1, 2, 1, 2, 1, 2] {
                _ = try runner.submit(.asking("warm", k: k, .bestScore))
                while runner.batch.hasWork { runner.stepByRows() }
            }
            var request = GenerationRequest.asking("both", k: 2, .bestScore, seed: seed, maxTokens: 200)
            request.deadline = runner.clock.now + .seconds(1)
            let handle = try runner.submit(request)
            for _ in 0..<20 { runner.stepByRows() }
            if company { _ = try runner.submit(.asking(String(repeating: "p", count: 300), maxTokens: 5)) }
            while runner.batch.hasWork { runner.stepByRows() }
            return runner.result(of: handle)
        }
        let (alone, beside) = (try answer(company: false), try answer(company: true))
        #expect(alone?.answer == beside?.answer)
        #expect(beside?.stoppedBy == nil)
    }

    @Test func `a request degrades to what may begin, not to what waits as long`() throws {
        let limits = ModelLimits(contextTokens: 200, sequences: 72, rowsPerBatch: 128, cells: 72 * 200)
        let long = String(repeating: "x", count: 130) + "</think>A"
        var runner = BatchRunner(try ScriptedTokenModel(.saying(.init(long)), limits: limits))
        for number in 0..<6 {
            _ = try runner.submit(.asking("q\(number)", k: 32, .bestScore, maxTokens: 150))
        }
        runner.step()
        var request = GenerationRequest.asking("late", k: 32, .bestScore, maxTokens: 150)
        request.fallbacks = [Effort(k: 8, selection: .bestScore), Effort(k: 2, selection: .bestScore)]
        request.patience = .milliseconds(500)
        request.deadline = runner.clock.now + .seconds(20)
        let late = try runner.submit(request)
        try runner.finish()
        let result = try #require(runner.result(of: late))
        #expect(result.fallback == 2)
        #expect(result.queued < .milliseconds(600), "it waited once, \(result.queued)")
    }

    @Test func `a deadline that is far off changes nothing`() throws {
        var runner = try runner(sequences: 40)
        try warm(&runner)
        var request = GenerationRequest.asking(k: 32, .bestScore)
        request.deadline = runner.clock.now + .seconds(100)
        let handle = try runner.submit(request)
        try runner.finish()
        #expect(runner.result(of: handle)?.candidates.count == 32)
        #expect(runner.result(of: handle)?.stoppedBy == nil)
    }
}
