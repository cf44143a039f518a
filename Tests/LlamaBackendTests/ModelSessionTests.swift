import LlamaBackend
import ModelExecutor
import TestSupport
import Testing

@Suite struct ModelSessionTests {
    static let description = ModelDescription(
        name: "test",
        contextTokens: 512,
        scored: true,
        thinks: true,
        parameterCount: nil,
        digest: "test"
    )

    /// Runs the body while the session serves; the session ends with it.
    static func serving<Model: TokenModel & SendableMetatype, Result: Sendable>(
        _ model: sending Model,
        queueLimit: Int = 256,
        _ body: @Sendable (ModelSession<Model>) async throws -> Result
    ) async throws -> Result {
        let session = ModelSession(
            model: model,
            description: description,
            settings: BatchSettings(queueLimit: queueLimit)
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            let result = try await body(session)
            session.stop()
            try await group.waitForAll()
            return result
        }
    }

    static func endless() throws -> ScriptedTokenModel {
        try ScriptedTokenModel(
            .completions { _ in [.init(String(repeating: "so ", count: neverReached / 2))] },
            limits: ModelLimits(contextTokens: 40_000, sequences: 16, rowsPerBatch: 64, cells: 640_000)
        )
    }

    /// More tokens than a scripted model says in the seconds that a slow machine might take to interrupt it.
    static let neverReached = 20_000

    static func result(of generation: Generation) async throws -> GenerationResult? {
        var result: GenerationResult?
        for try await event in generation {
            if case .finished(let finished) = event { result = finished }
        }
        return result
    }

    @Test func `many requests at once are all answered`() async throws {
        let model = try ScriptedTokenModel(.noise(seed: 5))
        let answered = try await Self.serving(model) { session in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for seed in 0..<20 {
                    group.addTask {
                        let request = TestModels.request(k: 1 + seed % 8, maxTokens: 40, seed: UInt64(seed))
                        return try await Self.result(of: session.generate(request)) != nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
        }
        #expect(answered == 20)
    }

    @Test func `a client that leaves frees its sequences while others go on`() async throws {
        try await Self.serving(try Self.endless()) { session in
            let other = session.generate(TestModels.request(k: 2, maxTokens: 200))
            do {
                let leaving = session.generate(TestModels.request(k: 8, maxTokens: Self.neverReached))
                for try await event in leaving {
                    if case .prefilled = event { break }
                }
            }
            // The stream is gone here, and whatever is asked next is taken after its cancellation.
            #expect(try await Self.result(of: other)?.compute.candidateTokens == 400)
            _ = try await Self.result(of: session.generate(TestModels.request(k: 1, maxTokens: 10)))
            #expect(session.load.runningRequests == 0)
            #expect(session.load.reservedCells == 0)
        }
    }

    @Test func `a cancelled request ends at once, and tells what it cost`() async throws {
        try await Self.serving(try Self.endless()) { session in
            let generation = session.generate(TestModels.request(k: 8, maxTokens: Self.neverReached))
            var events = generation.makeAsyncIterator()
            _ = try await events.next()
            let spent = await generation.cancel()
            #expect(spent.promptTokens > 0)
            #expect(session.load.runningRequests == 0)
            #expect(session.load.reservedCells == 0)
            await #expect(throws: ExecutorError.cancelled(spent)) { while try await events.next() != nil {} }
        }
    }

    @Test func `a reader that was itself cancelled still learns what its request cost`() async throws {
        try await Self.serving(try Self.endless()) { session in
            let generation = session.generate(TestModels.request(k: 2, maxTokens: Self.neverReached))
            let spent = try await withThrowingTaskGroup(of: Compute.self) { group in
                let (starts, started) = AsyncStream.makeStream(
                    of: Void.self,
                    bufferingPolicy: .bufferingOldest(1)
                )
                group.addTask {
                    for try await event in generation {
                        if case .prefilled = event { started.finish() }
                    }
                    return await generation.cancel()
                }
                for await _ in starts {}
                group.cancelAll()
                return try await group.next()
            }
            #expect(try #require(spent).promptTokens > 0)
        }
    }

    @Test func `what a request cost can be asked for when it is over`() async throws {
        let model = try ScriptedTokenModel(.noise(seed: 5))
        try await Self.serving(model, queueLimit: 1) { session in
            let generation = session.generate(TestModels.request(k: 2, maxTokens: 20))
            let result = try await Self.result(of: generation)
            #expect(await generation.cancel() == result?.compute)
        }
    }

    @Test func `a cancelled request of the real model frees its cells`() async throws {
        let settings = TestModels.settings(.unified)
        var batch = ContinuousBatch(model: try TestModels.defaultModel(settings))
        let handle = try batch.submit(TestModels.request(k: 8), now: .now)
        for _ in 0..<10 { _ = batch.step(now: .now) }
        #expect((0..<8).contains { batch.model.cachedPositions(of: $0) > 0 })
        let compute = batch.cancel(handle)
        #expect(try #require(compute).candidateTokens > 0)
        for sequence in 0..<batch.model.limits.sequences {
            #expect(batch.model.cachedPositions(of: sequence) == 0, "sequence \(sequence)")
        }
    }

    @Test func `the same seed gives the same answer from the real model`() async throws {
        func answer() async throws -> GenerationResult? {
            try await Self.serving(try TestModels.defaultModel()) { session in
                try await Self.result(of: session.generate(TestModels.request(k: 8, seed: 11)))
            }
        }
        let first = try #require(try await answer())
        let second = try #require(try await answer())
        #expect(first.candidates == second.candidates)
        #expect(first.answer == second.answer)
        #expect(first.compute.cpu > .zero)
    }

    @Test func `answers do not depend on the layout's way of keeping sequences together`() async throws {
        func result(layout: LlamaSettings.Layout) async throws -> GenerationResult? {
            let session = LlamaSession(
                try TestModels.defaultModel(TestModels.settings(layout)),
                description: Self.description
            )
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await session.run() }
                defer { session.stop() }
                return try await Self.result(of: session.generate(TestModels.request(k: 8, .first, seed: 2)))
            }
        }
        let apart = try #require(try await result(layout: .perSequence))
        let pooled = try #require(try await result(layout: .unified))
        #expect(apart.thinking == pooled.thinking)
        #expect(apart.candidates.count == 8)
    }

    @Test func `a full queue refuses the next request`() async throws {
        // Nothing takes the mail before run() is called, so the mailbox alone fills up.
        let session = ModelSession(
            model: try Self.endless(),
            description: Self.description,
            settings: BatchSettings(queueLimit: 2)
        )
        let accepted = (0..<2).map { _ in session.generate(TestModels.request(k: 1)) }
        let refused = session.generate(TestModels.request(k: 1))
        await #expect(throws: ExecutorError.queueFull(limit: 2)) { for try await _ in refused {} }
        #expect(await refused.cancel() == .zero)
        #expect(accepted.count == 2)
    }

    @Test func `stop lets what was accepted finish and refuses the rest`() async throws {
        let session = ModelSession(
            model: try ScriptedTokenModel(.noise(seed: 2)),
            description: Self.description
        )
        let accepted = session.generate(TestModels.request(k: 4, maxTokens: 30))
        session.stop()
        await #expect(throws: ExecutorError.self) {
            for try await _ in session.generate(TestModels.request(k: 1)) {}
        }
        await session.run()
        #expect(try await Self.result(of: accepted) != nil)
    }

    @Test func `cancelling the loop ends every request with what it had cost`() async throws {
        let session = ModelSession(model: try Self.endless(), description: Self.description)
        let stream = session.generate(TestModels.request(k: 2, maxTokens: Self.neverReached))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            var events = stream.makeAsyncIterator()
            _ = try await events.next()
            group.cancelAll()
            let error = await #expect(throws: ExecutorError.self) {
                while try await events.next() != nil {}
            }
            guard case .cancelled = error else {
                Issue.record("ended with \(String(describing: error))")
                return
            }
            try await group.waitForAll()
        }
    }

    @Test func `a refused request fails its own stream only`() async throws {
        try await Self.serving(try ScriptedTokenModel(.noise(seed: 9), hasHead: false)) { session in
            await #expect(throws: ExecutorError.needsHead("selection best_score")) {
                for try await _ in session.generate(TestModels.request(k: 2)) {}
            }
            let answered = try await Self.result(
                of: session.generate(TestModels.request(k: 2, .majority, maxTokens: 30))
            )
            #expect(answered != nil)
        }
    }
}
