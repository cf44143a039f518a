import GRDB
import Policy
import TestSupport
import Testing

@testable import Store

/// Completions that can't be written when they are told.
@Suite struct KeptCompletionTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    /// Another program that holds the write lock while `body` runs.
    private func whileLocked(_ folder: TemporaryFolder, _ body: () async throws -> Void) async throws {
        let other = try folder.otherWriter()
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        try await body()
        try await other.writeWithoutTransaction { db in try db.rollback() }
    }

    /// What a failed write leaves of the sample completion.
    private func kept(_ id: RequestID, _ candidates: [RecordedCandidate] = []) -> CompletionRecord {
        var completion = CompletionRecord.sample(id, candidates: candidates)
        completion.state = .failed
        completion.cause = .store
        completion.winner = nil
        return completion
    }

    private func expectConsistent(_ folder: TemporaryFolder, assigned: Int, open: Int) async throws {
        let other = try DatabaseQueue(path: folder.database)
        try await other.read { db in
            let tally = try Row.fetchOne(db, sql: "SELECT assigned, ended FROM tally")
            #expect(tally?["assigned"] == assigned)
            #expect(tally?["ended"] == assigned - open)
            #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM request WHERE state = 0") == open)
        }
        try other.close()
    }

    @Test func `completions that a full disk refused are written as failed once there is room`() async throws
    {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let requests = (0..<40).map { _ in ids.next() }
        for id in requests { try await store.open(.sample(id)) }
        try await store.execute("PRAGMA max_page_count = 1")
        let candidates = [RecordedCandidate](repeating: .sample, count: 64)
        var refused: [RequestID] = []
        for id in requests {
            do throws(StoreError) {
                try await store.close(.sample(id, candidates: candidates))
            } catch {
                #expect(error == .full)
                refused.append(id)
            }
        }
        #expect(!refused.isEmpty)
        #expect(store.openRequests == refused.count)

        try await store.execute("PRAGMA max_page_count = 1000000")
        try await store.open(.sample(ids.next()))
        #expect(store.openRequests == 1)
        let reader = try RecordReader(path: folder.database)
        for id in requests {
            guard case .ended(let completion)? = try reader.request(id)?.end else {
                Issue.record("\(id) is open")
                continue
            }
            #expect(completion.state == (refused.contains(id) ? .failed : .completed))
            #expect(completion.cause == (refused.contains(id) ? .store : nil))
            #expect(completion.candidates.count == 64)
        }
        try await expectConsistent(folder, assigned: 41, open: 1)
        try await store.shutdown()
    }

    @Test func `a completion that a second writer kept out is written as failed once it goes`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        let id = ids.next()
        try await store.open(.sample(id))
        try await whileLocked(folder) {
            await #expect(throws: StoreError.busy) { try await store.close(.sample(id, candidates: [])) }
            await #expect(throws: StoreError.busy) { try await store.open(.sample(ids.next())) }
            #expect(store.openRequests == 1)
        }
        try await store.open(.sample(ids.next()))
        #expect(store.failure == nil)
        #expect(try RecordReader(path: folder.database).request(id)?.end == .ended(kept(id)))
        try await expectConsistent(folder, assigned: 2, open: 1)
        await #expect(throws: StoreError.alreadyClosed(id, as: .failed)) {
            try await store.close(.sample(id))
        }
        try await store.shutdown()
    }

    @Test func `a shutdown writes what was kept`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        let id = ids.next()
        try await store.open(.sample(id))
        try await whileLocked(folder) {
            await #expect(throws: StoreError.busy) { try await store.close(.sample(id, candidates: [])) }
        }
        try await store.shutdown()
        #expect(try RecordReader(path: folder.database).request(id)?.end == .ended(kept(id)))
        try await expectConsistent(folder, assigned: 1, open: 0)
    }

    @Test func `a completion whose assignment could not be written either leaves nothing`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        let id = ids.next()
        try await whileLocked(folder) {
            await #expect(throws: StoreError.busy) { try await store.open(.sample(id)) }
            await #expect(throws: StoreError.busy) { try await store.close(.sample(id)) }
        }
        try await store.open(.sample(ids.next()))
        #expect(try RecordReader(path: folder.database).request(id) == nil)
        try await expectConsistent(folder, assigned: 1, open: 1)
        try await store.shutdown()
    }

    @Test func `a kept completion that still can't be written takes no other write with it`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (id, next) = (ids.next(), ids.next())
        try await store.open(.sample(id))
        try await store.execute(
            "CREATE TEMP TRIGGER refuse BEFORE UPDATE ON main.request BEGIN SELECT raise(ROLLBACK, 'no'); END"
        )
        await #expect(throws: StoreError.self) { try await store.close(.sample(id, candidates: [])) }
        try await store.open(.sample(next))
        #expect(store.failure != nil)
        #expect(store.openRequests == 2)
        try await store.execute("DROP TRIGGER refuse")
        try await store.close(.sample(next))
        #expect(store.failure == nil)
        #expect(try RecordReader(path: folder.database).request(id)?.end == .ended(kept(id)))
        try await expectConsistent(folder, assigned: 2, open: 0)
        try await store.shutdown()
    }

    @Test func `a full queue refuses assignments and takes completions`() {
        let queue = CommitQueue(limit: 1, outcomeLimit: 1)
        let id = ids.next()
        #expect(queue.append(PendingWrite(work: .open(.sample(id)), ticket: Ticket())) == .wake)
        #expect(
            queue.append(PendingWrite(work: .open(.sample(ids.next())), ticket: Ticket())) == .full(limit: 1)
        )
        #expect(queue.append(PendingWrite(work: .close(.sample(id)), ticket: Ticket())) == .queued)
    }
}
