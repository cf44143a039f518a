import Policy
import TestSupport
import Testing

@testable import Store

/// Shadows on disk, beside their requests and in none of their figures.
@Suite struct ShadowTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 4))

    private func completed(_ store: RecordStore, subject: SubjectID = "ann", arm: ArmID = "low") async throws
        -> RequestID
    {
        let id = ids.next()
        try await store.open(.sample(id, arm: arm, subject: subject))
        try await store.close(.sample(id))
        return id
    }

    private func shadows(_ folder: TemporaryFolder, since: Timestamp? = nil) throws -> [ShadowObservations] {
        try RecordReader(path: folder.database).shadows(of: "effort", version: "aaaaaaaaaaaa", since: since)
    }

    private func sample(_ id: RequestID, state: TerminalState = .completed, agrees: Bool? = true)
        -> ShadowCompletion
    {
        ShadowCompletion(
            request: id,
            state: state,
            latency: .milliseconds(700),
            queued: .milliseconds(200),
            compute: RecordedCompute(promptTokens: 40, candidateTokens: 3_500, scoredSteps: 96),
            score: 0.75,
            agrees: agrees
        )
    }

    @Test func `a shadow is read back beside its request`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = try await completed(store)
        try await store.open(ShadowOpening(request: id, mode: "high"))
        #expect(try shadows(folder).map(\.open) == [1])
        try await store.close(sample(id))
        var expected = ShadowObservations(arm: "low", mode: "high")
        expected.ended = [.completed: 1]
        expected.pairs = [
            ShadowPair(
                subject: SubjectNumber(SubjectID("ann").digest),
                agrees: true,
                live: .init(score: Double(Float(0.93)), candidateTokens: 110, milliseconds: 117),
                shadow: .init(score: 0.75, candidateTokens: 3_500, milliseconds: 500)
            )
        ]
        #expect(try shadows(folder) == [expected])
        try await store.shutdown()
    }

    @Test func `shadows are apart by arm and mode, and only completed ones make pairs`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        for (arm, mode, state) in [
            ("low", "high", TerminalState.completed), ("medium", "high", .deadline), ("low", "deep", .failed),
            ("low", "high", .rejected),
        ] as [(ArmID, ModeName, TerminalState)] {
            let id = try await completed(store, arm: arm)
            try await store.open(ShadowOpening(request: id, mode: mode))
            try await store.close(sample(id, state: state))
        }
        let found = try shadows(folder)
        #expect(
            found.map(\.arm) == ["low", "medium", "low"] && found.map(\.mode) == ["high", "high", "deep"]
        )
        #expect(found.map(\.pairs.count) == [1, 0, 0])
        #expect(found[0].ended == [.completed: 1, .rejected: 1] && found[1].ended == [.deadline: 1])
        try await store.shutdown()
    }

    @Test func `shadows change nothing of what their requests say`() async throws {
        let (plain, shadowed) = (try TemporaryFolder(), try TemporaryFolder())
        for folder in [plain, shadowed] {
            let store = try await RecordStore.sample(in: folder)
            let ids = RequestID.Generator(random: SeededGenerator(seed: 9))
            for number in 0..<3 {
                let id = ids.next()
                try await store.open(.sample(id, subject: SubjectID(rawValue: "s\(number)")))
                try await store.close(.sample(id))
                guard folder === shadowed else { continue }
                try await store.open(ShadowOpening(request: id, mode: "high"))
                #expect(store.openRequests == 0)
                if number > 0 { try await store.close(sample(id, state: number == 1 ? .completed : .failed)) }
            }
            try await store.shutdown()
            // The tally is checked against the rows, as after a crash.
            try await RecordStore(StoreConfiguration(path: folder.database)).shutdown()
        }
        let figures = try [plain, shadowed].map { folder in
            let reader = try RecordReader(path: folder.database)
            let arms = try reader.observations(of: "effort", metric: "success")
            return (
                ended: arms.map(\.ended), tokens: arms.map { $0.subjects.map(\.candidateTokens) },
                failures: arms.map { $0.subjects.map(\.failures) },
                latencies: arms.map { $0.latencies.map(\.value) },
                efforts: try reader.efforts(of: "effort", version: "aaaaaaaaaaaa")
            )
        }
        #expect(figures[0].ended == figures[1].ended && figures[0].tokens == figures[1].tokens)
        #expect(figures[0].failures == figures[1].failures && figures[0].latencies == figures[1].latencies)
        #expect(figures[0].efforts == figures[1].efforts)
    }

    @Test func `shadows that a crash left open are failed, and no request is`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (open, ended) = (try await completed(store), try await completed(store))
        for id in [open, ended] { try await store.open(ShadowOpening(request: id, mode: "high")) }
        try await store.close(sample(ended))
        let crashed = try folder.copyOfFiles()
        try await store.shutdown()

        let reopened = try RecordStore(StoreConfiguration(path: crashed.database))
        #expect(reopened.closedAsCrashed == 0, "no request was open")
        #expect(try shadows(crashed).map(\.ended) == [[.completed: 1, .failed: 1]])
        await #expect(throws: StoreError.noOpenShadow(open)) { try await reopened.close(sample(open)) }
        try await reopened.shutdown()
    }

    @Test func `a shadow that is open at the shutdown is closed with it`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        try await store.open(ShadowOpening(request: completed(store), mode: "high"))
        try await store.shutdown()
        let found = try shadows(folder)
        #expect(found.map(\.open) == [0] && found.map(\.ended) == [[.failed: 1]])
    }

    @Test func `a shadow that makes no sense is refused, and the batch goes on`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (id, stranger) = (try await completed(store), ids.next())
        try await store.open(ShadowOpening(request: id, mode: "high"))
        await #expect(throws: StoreError.shadowRefused(id)) {
            try await store.open(ShadowOpening(request: id, mode: "medium"))
        }
        await #expect(throws: StoreError.shadowRefused(stranger)) {
            try await store.open(ShadowOpening(request: stranger, mode: "high"))
        }
        await #expect(throws: StoreError.noOpenShadow(stranger)) { try await store.close(sample(stranger)) }
        try await store.close(sample(id))
        await #expect(throws: StoreError.noOpenShadow(id)) { try await store.close(sample(id)) }
        #expect(try shadows(folder).map(\.ended) == [[.completed: 1]])
        #expect(store.failure == nil)
        try await store.shutdown()
    }

    @Test func `what was assigned before a time counts for nothing`() async throws {
        let folder = try TemporaryFolder()
        let clock = SteppedClock()
        let store = try await RecordStore.sample(in: folder, clock: clock)
        let ids = RequestID.Generator(now: clock.now, random: SeededGenerator(seed: 5))
        for _ in 0..<2 {
            let id = ids.next()
            try await store.open(.sample(id))
            try await store.close(.sample(id))
            try await store.open(ShadowOpening(request: id, mode: "high"))
            try await store.close(sample(id, agrees: nil))
            clock.advance(by: 60_000)
        }
        let since = Timestamp(millisecondsSinceEpoch: clock.now().millisecondsSinceEpoch - 60_000)
        #expect(try shadows(folder, since: since).map(\.pairs.count) == [1])
        #expect(try shadows(folder).map(\.pairs.count) == [2])
        #expect(try shadows(folder).first?.pairs.first?.agrees == nil)
        try await store.shutdown()
    }
}
