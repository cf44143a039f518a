import GRDB
import Policy
import TestSupport
import Testing

@testable import Store

/// What a store finds after the process that wrote the file is gone. Its files are copied while it still runs: that
/// is what a kill at that moment leaves.
@Suite struct RecoveryTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    @Test func `requests that a crash left open are failed, and the others untouched`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (ended, open) = (ids.next(), ids.next())
        try await store.open(.sample(ended))
        try await store.close(.sample(ended))
        try await store.open(.sample(open))
        let crashed = try folder.copyOfFiles()
        try await store.shutdown()

        let reopened = try RecordStore(StoreConfiguration(path: crashed.database))
        #expect(reopened.closedAsCrashed == 1)
        #expect(reopened.lastRequestID == open)
        let reader = try RecordReader(path: crashed.database)
        #expect(try reader.request(open)?.end == .unmeasured(.failed, .crash))
        #expect(try reader.request(ended)?.state == .completed)
        await #expect(throws: StoreError.alreadyClosed(open, as: .failed)) {
            try await reopened.close(.sample(open))
        }
        try await reopened.shutdown()
    }

    @Test func `a policy is known again after a restart`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        try await store.shutdown()
        let reopened = try RecordStore(StoreConfiguration(path: folder.database))
        try await reopened.remember([.twoArms])
        try await reopened.open(.sample(ids.next()))
        #expect(try RecordReader(path: folder.database).policies() == [.twoArms])
        try await reopened.shutdown()
    }

    @Test func `a kill between two statements leaves neither`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.shutdown()
        let queue = try DatabaseQueue(path: folder.database)
        let killed = try await queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
            var writer = BatchWriter(dictionaries: try Dictionaries(db), outcomeLimit: 1)
            _ = try writer.write([PendingWrite(work: .open(.sample(id)), ticket: Ticket())], at: .now, db)
            try db.execute(sql: "UPDATE policy_version SET document = zeroblob(1000000) || ''")
            let copy = try folder.copyOfFiles()
            try db.rollback()
            return copy
        }
        let reopened = try RecordStore(StoreConfiguration(path: killed.database))
        #expect(reopened.closedAsCrashed == 0)
        #expect(try RecordReader(path: killed.database).request(id) == nil)
        try await reopened.shutdown()
    }

    @Test func `a row that vanished is noticed at start`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        try await store.open(.sample(ids.next()))
        let copy = try folder.copyOfFiles()
        try await store.shutdown()
        let queue = try DatabaseQueue(path: copy.database)
        try await queue.write { db in try db.execute(sql: "DELETE FROM request") }
        try queue.close()
        let what = "1 requests were assigned, but 0 ended and 0 are open"
        #expect(throws: StoreError.inconsistent(path: copy.database, what: what)) {
            try RecordStore(StoreConfiguration(path: copy.database))
        }
    }
}
