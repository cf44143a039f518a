import ModelExecutor
import TestSupport
import Testing

/// Queue, deadlines, cancellation and refusals.
struct BatchLimitTests {
    private static let small = ModelLimits(contextTokens: 60, sequences: 4, rowsPerBatch: 8, cells: 240)

    private func runner(
        _ behaviour: ScriptedBehaviour = .noise(seed: 3),
        settings: BatchSettings = BatchSettings()
    ) throws -> BatchRunner {
        BatchRunner(try ScriptedTokenModel(behaviour, limits: Self.small), settings: settings)
    }

    @Test func `cancelling frees everything at once and says what was spent`() throws {
        for steps in 0...30 {
            var runner = try runner(.saying(.init("abcdefgh</think>ijklmnop")))
            let handle = try runner.submit(.asking(k: 3, .bestScore))
            for _ in 0..<steps { runner.step() }
            let isOver = runner.result(of: handle) != nil
            let compute = runner.batch.cancel(handle)
            #expect((compute == nil) == isOver, "after \(steps) steps")
            #expect(runner.isClean, "after \(steps) steps")
            #expect(!runner.batch.hasWork)
            if steps == 3 { #expect(compute?.candidateTokens == 9) }
            #expect(runner.batch.cancel(handle) == nil)
        }
    }

    @Test func `cancelling one of two leaves the other's answer as it was`() throws {
        var alone = try runner()
        let expected = try alone.submit(.asking("keep", k: 2, .bestScore, maxTokens: 30))
        try alone.finish()
        for steps in 1...20 {
            var runner = try runner()
            let kept = try runner.submit(.asking("keep", k: 2, .bestScore, maxTokens: 30))
            let gone = try runner.submit(.asking("drop", k: 2, .bestScore, maxTokens: 30))
            for _ in 0..<steps { runner.step() }
            runner.batch.cancel(gone)
            try runner.finish()
            #expect(runner.result(of: kept)?.candidates == alone.result(of: expected)?.candidates)
            #expect(runner.isClean)
        }
    }

    @Test func `a request waits for its sequences and nobody overtakes it`() throws {
        var runner = try runner(.saying(.init("ab</think>yes")))
        let first = try runner.submit(.asking("first", k: 2, .bestScore))
        let large = try runner.submit(.asking("large", k: 4, .bestScore))
        let small = try runner.submit(.asking("small"))
        runner.step()
        #expect(runner.batch.runningRequests == 1)
        #expect(runner.batch.queuedRequests == 2)
        try runner.finish()
        let order = runner.log.compactMap { emission in
            if case .event(.finished) = emission.content { emission.request } else { nil }
        }
        #expect(order == [first, large, small])
        #expect(try #require(runner.result(of: large)).queued > .zero)
        #expect(runner.result(of: first)?.queued == .zero)
    }

    @Test func `the queue refuses past its limit and takes again after`() throws {
        var runner = try runner(settings: BatchSettings(queueLimit: 2))
        _ = try runner.submit(.asking(k: 4))
        _ = try runner.submit(.asking(k: 4))
        #expect(throws: ExecutorError.queueFull(limit: 2)) { try runner.submit(.asking()) }
        runner.step()
        _ = try runner.submit(.asking())
        #expect(throws: ExecutorError.queueFull(limit: 2)) { try runner.submit(.asking()) }
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `a deadline ends a request with what it spent, queued or running`() throws {
        var runner = try runner(.saying(.init(String(repeating: "a", count: 500))))
        let deadline = runner.clock.now.advanced(by: .milliseconds(45))
        let running = try runner.submit(.asking(k: 4, .bestScore, maxTokens: 1000, deadline: deadline))
        runner.step()
        let queued = try runner.submit(.asking(k: 4, .bestScore, deadline: deadline))
        try runner.finish()
        #expect(runner.failures[queued] == .deadlineExceeded(.zero))
        guard case .deadlineExceeded(let compute) = runner.failures[running] else {
            Issue.record("\(runner.log)")
            return
        }
        #expect(compute.promptTokens == 7)
        // One of the four sequences keeps the prompt for the candidate that waits.
        #expect(compute.candidateTokens == 3 * 5)
        #expect(runner.isClean)
    }

    @Test func `a deadline in the past is refused`() throws {
        var runner = try runner()
        let now = runner.clock.now
        #expect(throws: ExecutorError.deadlineExceeded(.zero)) { try runner.submit(.asking(deadline: now)) }
    }

    @Test(arguments: [-1, 0, 65, .max])
    func `an absurd k is refused`(k: Int) throws {
        var runner = try runner()
        #expect(throws: ExecutorError.invalidRequest("k is \(k); choose 1 to 64")) {
            try runner.submit(.asking(k: k))
        }
    }

    @Test func `a huge max tokens is cut to the context`() throws {
        var runner = try runner(.saying(.init("ab</think>yes")))
        let most = GenerationRequest.maximumTokens
        let handle = try runner.submit(.asking(k: 4, .bestScore, maxTokens: most))
        try runner.finish()
        #expect(runner.answer(to: handle) == "yes")
        for tokens in [most + 1, .max, 0, -1] {
            #expect(throws: ExecutorError.invalidRequest("max_tokens is \(tokens); choose 1 to \(most)")) {
                try runner.submit(.asking(maxTokens: tokens))
            }
        }
    }

    @Test func `a prompt must leave room for one token`() throws {
        var runner = try runner(.saying(.init("ab</think>yes")))
        let handle = try runner.submit(.asking(String(repeating: "p", count: 57)))
        try runner.finish()
        // One token fits the context; the one drawn after it is the last.
        #expect(runner.result(of: handle)?.compute.candidateTokens == 2)
        for excess in [58, 59, 60, 500] {
            #expect(throws: ExecutorError.promptTooLong(tokens: excess + 2, limit: 59)) {
                try runner.submit(.asking(String(repeating: "p", count: excess)))
            }
        }
    }

    @Test func `a model of one sequence serves one candidate and refuses two`() throws {
        let limits = ModelLimits(contextTokens: 60, sequences: 1, rowsPerBatch: 1, cells: 60)
        var runner = BatchRunner(try ScriptedTokenModel(.saying(.init("ab</think>yes")), limits: limits))
        let handle = try runner.submit(.asking())
        try runner.finish()
        #expect(runner.answer(to: handle) == "yes")
        #expect(throws: ExecutorError.self) { try runner.submit(.asking(k: 2, .bestScore)) }
    }

    @Test func `a model without a head refuses scored selections only`() throws {
        for selection in Selection.allCases {
            var runner = BatchRunner(try ScriptedTokenModel(.saying(.init("ab</think>yes")), hasHead: false))
            guard !selection.needsScores else {
                #expect(throws: ExecutorError.needsHead("selection \(selection.rawValue)")) {
                    try runner.submit(.asking(k: 2, selection))
                }
                continue
            }
            let handle = try runner.submit(.asking(k: 2, selection))
            try runner.finish()
            #expect(runner.answer(to: handle) == "yes")
            #expect(runner.result(of: handle)?.score == nil)
        }
    }

    @Test func `a stop string ends the answer whatever tokens it spans`() throws {
        var runner = try runner(.saying(.init("a END b</think>one E two END three")))
        let handle = try runner.submit(.asking(maxTokens: 100, stop: ["END", "xyz"]))
        try runner.finish()
        #expect(runner.answer(to: handle) == "one E two ")
        let result = try #require(runner.result(of: handle))
        #expect(result.answer == "one E two ")
        #expect(result.finishReason == .stop)
        #expect(result.thinking == "a END b")
        #expect(runner.isClean)
    }

    @Test func `a stop string that never comes loses nothing`() throws {
        var runner = try runner(.saying(.init("a</think>one EN")))
        let handle = try runner.submit(.asking(stop: ["END"]))
        try runner.finish()
        #expect(runner.answer(to: handle) == "one EN")
    }

    @Test func `an answer in scalars of several bytes is never split`() throws {
        var runner = try runner(.saying(.init("a</think>né 猫 🙂")))
        let handle = try runner.submit(.asking())
        try runner.finish()
        #expect(runner.answer(to: handle) == "né 猫 🙂")
        for case .answer(let delta) in runner.events[handle] ?? [] { #expect(!delta.contains("\u{FFFD}")) }
    }

    @Test func `the time to first text runs from submission`() throws {
        var runner = try runner(.saying(.init("ab</think>yes")))
        let handle = try runner.submit(.asking())
        try runner.finish()
        // Steps begin at 0, 10, 20 and 30 ms: prompt and "a", "b", the close, then "y".
        #expect(runner.result(of: handle)?.firstToken == .milliseconds(30))
    }
}
