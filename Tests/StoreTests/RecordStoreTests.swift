import FoundationEssentials
import Policy
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite struct RecordStoreTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    @Test func `an opened and closed request reads back as it was written`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        var completion = CompletionRecord.sample(id)
        try await store.open(.sample(id, arm: "medium", served: "low"))
        try await store.close(completion)

        let row = try #require(try RecordReader(path: folder.database).request(id))
        #expect(row.policy == "effort" && row.version == "aaaaaaaaaaaa" && row.arm == "medium")
        #expect(row.assigned == "medium" && row.served == "low")
        #expect(row.subject == SubjectNumber(SubjectID("ann").digest))
        guard case .ended(var read) = row.end else { Issue.record("\(row.end)"); return }
        read.candidates[0].stepScores = []
        completion.candidates[0].stepScores = []
        #expect(read == completion)
        try await store.shutdown()
    }

    @Test func `a request whose open was not awaited closes all the same`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        let opening = try store.beginOpen(.sample(id))
        try await store.close(.sample(id, state: .clientGone))
        try await opening.value()
        #expect(try RecordReader(path: folder.database).request(id)?.state == .clientGone)
        #expect(store.openRequests == 0)
        try await store.shutdown()
    }

    @Test func `the same id can't be opened twice`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        await #expect(throws: StoreError.duplicateRequest(id)) {
            try await store.open(.sample(id, arm: "medium"))
        }
        #expect(try RecordReader(path: folder.database).request(id)?.arm == "low")
        #expect(store.openRequests == 1)
        try await store.shutdown()
    }

    @Test func `a request ends once and keeps its first end`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        try await store.close(.sample(id, state: .deadline))
        await #expect(throws: StoreError.alreadyClosed(id, as: .deadline)) {
            try await store.close(.sample(id, state: .completed))
        }
        #expect(try RecordReader(path: folder.database).request(id)?.state == .deadline)
        try await store.shutdown()
    }

    @Test func `two ends in one batch leave one`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        _ = try store.beginOpen(.sample(id))
        async let first: Void = store.close(.sample(id, state: .completed))
        async let second: Void = store.close(.sample(id, state: .completed))
        var failures = 0
        do { try await first } catch { failures += 1 }
        do { try await second } catch { failures += 1 }
        #expect(failures == 1)
        try await store.shutdown()
    }

    @Test func `an id that was never opened can't be closed`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let known = ids.next()
        try await store.open(.sample(known))
        let sibling = RequestID(key: known.key, tail: known.tail ^ 1)
        for id in [ids.next(), sibling] {
            await #expect(throws: StoreError.unknownRequest(id)) { try await store.close(.sample(id)) }
        }
        #expect(store.openRequests == 1)
        try await store.shutdown()
    }

    @Test func `an arm that was not remembered is refused`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        await #expect(throws: StoreError.unregisteredArm("effort", "bbbbbbbbbbbb", "low")) {
            try await store.open(.sample(ids.next(), version: "bbbbbbbbbbbb"))
        }
        try await store.shutdown()
    }

    @Test func `ten thousand concurrent requests are all on disk`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let ids = ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<500 {
                group.addTask {
                    for turn in 0..<20 {
                        let id = ids.next()
                        let opening = try store.beginOpen(
                            .sample(id, subject: SubjectID(rawValue: "\(caller)"))
                        )
                        if turn.isMultiple(of: 2) { try await opening.value() }
                        try await store.close(.sample(id))
                    }
                }
            }
            try await group.waitForAll()
        }
        // Read past the store, which is still running: everything it acknowledged is in the files already.
        let copy = try folder.copyOfFiles()
        let reopened = try RecordStore(StoreConfiguration(path: copy.database))
        #expect(reopened.closedAsCrashed == 0)
        let observed = try RecordReader(path: copy.database).observations(of: "effort", metric: "success")
        #expect(observed.reduce(0) { $0 + ($1.ended[.completed] ?? 0) } == 10_000)
        #expect(observed.first?.subjects.count == 500)
        try await reopened.shutdown()
        try await store.shutdown()
    }

    @Test func `a full queue refuses at once and says so`() async throws {
        let folder = try TemporaryFolder()
        let metrics = HeadgateMetrics(version: "test")
        var configuration = StoreConfiguration(path: folder.database)
        configuration.queueLimit = 0
        let store = try RecordStore(configuration, metrics: metrics)
        await #expect(throws: StoreError.queueFull(limit: 0)) { try await store.open(.sample(ids.next())) }
        #expect(metrics.store.refusedWrites.value == 1)
        try await store.shutdown()
    }

    @Test func `outcomes are taken up to their limit and refused past it, as single ones or in batches`() {
        let queue = CommitQueue(limit: 100, outcomeLimit: 3)
        func append(_ count: Int) -> CommitQueue.Admission {
            let outcome = OutcomeRecord(request: ids.next(), metric: "success", value: 1)
            let outcomes = [OutcomeRecord](repeating: outcome, count: count)
            return queue.append(PendingWrite(work: .outcomes(outcomes), ticket: Ticket()))
        }
        #expect(append(4) == .full(limit: 3))
        #expect(append(2) == .wake)
        #expect(append(2) == .full(limit: 3))
        #expect(append(1) == .queued)
        #expect(append(1) == .full(limit: 3))
        let opening = PendingWrite(work: .open(.sample(ids.next())), ticket: Ticket())
        #expect(queue.append(opening) == .queued)
        #expect(queue.takeAll().count == 3)
        #expect(append(3) == .queued)
    }

    @Test func `more outcomes than may wait are refused, and counted as a refused write`() async throws {
        let folder = try TemporaryFolder()
        let metrics = HeadgateMetrics(version: "test")
        var configuration = StoreConfiguration(path: folder.database)
        configuration.outcomeQueueLimit = 2
        let store = try RecordStore(configuration, metrics: metrics)
        let outcome = OutcomeRecord(request: ids.next(), metric: "success", value: 1)
        #expect(try await store.record([outcome, outcome]) == [.unknownRequest, .unknownRequest])
        await #expect(throws: StoreError.queueFull(limit: 2)) {
            try await store.record([outcome, outcome, outcome])
        }
        #expect(metrics.store.refusedWrites.value == 1)
        try await store.shutdown()
    }

    @Test func `shutdown commits what waits, and later writes are refused`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let waiting = (0..<500).map { _ in ids.next() }
        let commits = try waiting.map { try store.beginOpen(.sample($0)) }
        try await store.shutdown()
        for commit in commits { try await commit.value() }
        await #expect(throws: StoreError.stopped) { try await store.open(.sample(ids.next())) }
        let reader = try RecordReader(path: folder.database)
        for id in waiting { #expect(try reader.request(id)?.end == .unmeasured(.failed, .shutdown)) }
    }

    @Test func `only the owner can read the files`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        for suffix in ["", "-wal", "-shm", "-lock"] {
            let facts = try FileManager.default.attributesOfItem(atPath: folder.database + suffix)
            #expect(facts[.posixPermissions] as? Int == 0o600, "record.db\(suffix)")
        }
        try await store.shutdown()
    }

    @Test func `every commit is flushed and references are enforced`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let pragmas = try await store.pragmas(["synchronous", "foreign_keys", "journal_mode"])
        #expect(pragmas == ["2", "1", "wal"])
        try await store.shutdown()
    }
}
