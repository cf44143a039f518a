import TestSupport
import Testing

@testable import ModelExecutor

/// What becomes of requests that nobody waits for, beside those that somebody does.
struct BackgroundTests {
    private static let thought = ScriptedTokenModel.Completion(
        String(repeating: "a", count: 20) + ".\n\n</think>done",
        stepScores: [0.7]
    )

    private func runner(sequences: Int = 72, settings: BatchSettings = BatchSettings()) throws -> BatchRunner
    {
        let limits = ModelLimits(
            contextTokens: 100,
            sequences: sequences,
            rowsPerBatch: 128,
            cells: 100 * sequences
        )
        return BatchRunner(
            try ScriptedTokenModel(.saying(Self.thought), limits: limits),
            settings: settings
        )
    }

    private func background(_ text: String = "background", k: Int = 8) -> GenerationRequest {
        var request = GenerationRequest.asking(text, k: k, .bestScore)
        request.tier = .background
        return request
    }

    /// The steps until a request is over, and what it came to.
    private func steps(
        of request: GenerationRequest,
        beside others: [GenerationRequest] = [],
        after warmUp: Int = 6,
        sequences: Int = 72
    ) throws -> (steps: Int, result: GenerationResult) {
        var runner = try runner(sequences: sequences)
        for other in others { _ = try runner.submit(other) }
        for _ in 0..<warmUp { runner.step() }
        let handle = try runner.submit(request)
        var steps = 0
        while runner.result(of: handle) == nil, steps < 1_000 {
            runner.step()
            steps += 1
        }
        let result = try #require(runner.result(of: handle), "\(runner.failures)")
        try runner.finish()
        #expect(runner.isClean)
        return (steps, result)
    }

    @Test(arguments: [1, 2, 8, 32, 64])
    func `a request takes as many steps beside background ones as alone`(k: Int) throws {
        let request = GenerationRequest.asking("live", k: k, k == 1 ? .first : .bestScore)
        let alone = try steps(of: request)
        for others in [1, 2, 3] {
            let beside = try steps(
                of: request,
                beside: (0..<others).map { background("background \($0)", k: 32) }
            )
            #expect(beside.steps == alone.steps, "beside \(others)")
            #expect(beside.result.candidates == alone.result.candidates, "beside \(others)")
            #expect(beside.result.queued == alone.result.queued, "beside \(others)")
        }
    }

    @Test func `a background request goes on where it stood once nobody else is there`() throws {
        let alone = try steps(of: background())
        var runner = try runner()
        let handle = try runner.submit(background())
        for _ in 0..<4 { runner.step() }
        let rows = runner.batch.model.decodedRows
        let live = try runner.submit(.asking("live"))
        var beside = 0
        while runner.result(of: live) == nil {
            runner.step()
            beside += 1
        }
        // The prompt's four letters, then as many tokens as it says, each a row of its own.
        let own = try #require(runner.result(of: live))
        let most = own.compute.promptTokens + own.compute.candidateTokens + 1
        #expect(runner.batch.model.decodedRows - rows <= most, "the background had rows meanwhile")
        try runner.finish()
        let result = try #require(runner.result(of: handle), "\(runner.failures)")
        #expect(result.candidates == alone.result.candidates)
        #expect(alone.result.queued == .zero)
        #expect(result.queued == .milliseconds(10 * beside), "it stood still for \(beside) steps")
    }

    @Test func `nothing begins in the background while anybody else runs`() throws {
        var runner = try runner()
        let live = try runner.submit(.asking("live"))
        runner.step()
        let handle = try runner.submit(background(k: 1))
        while runner.result(of: live) == nil {
            #expect(runner.events[handle] == nil)
            runner.step()
        }
        try runner.finish()
        #expect(runner.result(of: handle) != nil)
    }

    @Test func `what comes later goes first if the other is in the background`() throws {
        var runner = try runner()
        let background = try runner.submit(background(k: 1))
        let live = try runner.submit(.asking("live"))
        try runner.finish()
        let order = runner.log.compactMap { emission in
            if case .event(.finished) = emission.content { emission.request } else { nil }
        }
        #expect(order == [live, background])
    }

    @Test func `who needs its place ends it, and it says what it had cost`() throws {
        var runner = try runner(sequences: 12)
        let first = try runner.submit(background("first"))
        for _ in 0..<6 { runner.step() }
        let live = try runner.submit(.asking("live", k: 8, .bestScore))
        try runner.finish()
        guard case .displaced(let compute)? = runner.failures[first] else {
            Issue.record("it is not displaced but \(String(describing: runner.failures[first]))")
            return
        }
        #expect(compute.candidateTokens > 0 && runner.spent[first] == compute)
        #expect(runner.result(of: live)?.candidates.count == 8)
        #expect(runner.isClean)
    }

    @Test func `nobody is displaced for whom there is room`() throws {
        var runner = try runner(sequences: 24)
        let handle = try runner.submit(background())
        for _ in 0..<6 { runner.step() }
        let live = try runner.submit(.asking("live", k: 8, .bestScore))
        try runner.finish()
        #expect(runner.result(of: handle) != nil && runner.result(of: live) != nil, "\(runner.failures)")
    }

    @Test func `the newest is displaced first, and no more than it takes`() throws {
        var runner = try runner(sequences: 40)
        let first = try runner.submit(background("first"))
        let second = try runner.submit(background("second"))
        for _ in 0..<6 { runner.step() }
        let live = try runner.submit(.asking("live", k: 24, .bestScore))
        try runner.finish()
        #expect(runner.failures[second] != nil && runner.failures[first] == nil, "\(runner.failures)")
        #expect(runner.result(of: first) != nil && runner.result(of: live) != nil)
    }

    @Test func `in the queue the background takes nobody's place`() throws {
        var runner = try runner(settings: BatchSettings(queueLimit: 2))
        for _ in 0..<2 { _ = try runner.submit(background()) }
        #expect(throws: ExecutorError.queueFull(limit: 2)) { try runner.submit(background()) }
        for _ in 0..<2 { _ = try runner.submit(.asking("live")) }
        #expect(throws: ExecutorError.queueFull(limit: 2)) { try runner.submit(.asking("live")) }
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `one that never gets its turn ends with its deadline`() throws {
        var runner = try runner()
        _ = try runner.submit(.asking("live", k: 64, .bestScore))
        runner.step()
        var request = background()
        request.deadline = runner.clock.now + .milliseconds(50)
        let handle = try runner.submit(request)
        try runner.finish()
        #expect(runner.failures[handle] == .deadlineExceeded(.zero))
    }
}
