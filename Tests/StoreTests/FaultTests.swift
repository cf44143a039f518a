import FoundationEssentials
import GRDB
import Policy
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite struct FaultTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    @Test func `a full disk fails the batch, loses nothing acknowledged, and passes`() async throws {
        let folder = try TemporaryFolder()
        let metrics = HeadgateMetrics(version: "test")
        var configuration = StoreConfiguration(path: folder.database)
        configuration.pageLimit = 60
        let store = try RecordStore(configuration, metrics: metrics)
        try await store.remember([.twoArms])
        var kept: [RequestID] = []
        var failure: StoreError?
        while failure == nil {
            let id = ids.next()
            do {
                try await store.open(.sample(id))
                try await store.close(
                    .sample(id, candidates: [RecordedCandidate](repeating: .sample, count: 64))
                )
                kept.append(id)
            } catch {
                failure = error
            }
        }
        #expect(failure == .full)
        #expect(store.failure == .full)
        #expect(metrics.store.failedCommits.value >= 1)
        let reader = try RecordReader(path: folder.database)
        for id in kept { #expect(try reader.request(id)?.state == .completed) }

        try await store.execute("PRAGMA max_page_count = 1000000")
        let id = ids.next()
        try await store.open(.sample(id))
        try await store.close(.sample(id))
        #expect(store.failure == nil)
        try await store.shutdown()
        let reopened = try RecordStore(StoreConfiguration(path: folder.database))
        try await reopened.shutdown()
    }

    @Test func `a record that is moved away is not written to until it is back`() async throws {
        let folder = try TemporaryFolder()
        let store = try RecordStore(StoreConfiguration(path: folder.database))
        try await store.remember([.twoArms])
        let first = ids.next()
        try await store.open(.sample(first))
        let away = folder.database + ".away"
        try FileManager.default.moveItem(atPath: folder.database, toPath: away)
        let moved = StoreError.moved(path: folder.database)
        await #expect(throws: moved) { try await store.open(.sample(ids.next())) }
        // Another file in its place is not the record either.
        #expect(FileManager.default.createFile(atPath: folder.database, contents: nil))
        await #expect(throws: moved) { try await store.close(.sample(first)) }
        #expect(store.failure == moved)
        try FileManager.default.removeItem(atPath: folder.database)
        try FileManager.default.moveItem(atPath: away, toPath: folder.database)
        let second = ids.next()
        try await store.open(.sample(second))
        try await store.close(.sample(second))
        try await store.shutdown()
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.request(second)?.state == .completed)
        #expect(try reader.request(first)?.state == .failed)
    }

    @Test func `a second writer makes the store say busy, and its going lets it go on`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        let other = try folder.otherWriter()
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        let id = ids.next()
        await #expect(throws: StoreError.busy) { try await store.open(.sample(id)) }
        try await other.writeWithoutTransaction { db in try db.rollback() }
        try await store.open(.sample(id))
        #expect(store.failure == nil)
        try await store.shutdown()
    }

    @Test func `a mode first seen in a failed batch is still known afterwards`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        // The statement fails after the batch's first rows are written.
        try await store.execute(
            "CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.request BEGIN SELECT raise(ROLLBACK, 'no'); END"
        )
        let id = ids.next()
        await #expect(throws: StoreError.self) { try await store.open(.sample(id)) }
        try await store.execute("DROP TRIGGER refuse")
        try await store.open(.sample(id))
        #expect(try RecordReader(path: folder.database).request(id)?.assigned == "low")
        try await store.shutdown()
    }

    @Test func `every write of a failed batch learns of it`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.busyTimeout = .milliseconds(20) }
        let other = try folder.otherWriter()
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        let commits = try (0..<50).map { _ in try store.beginOpen(.sample(ids.next())) }
        for commit in commits { await #expect(throws: StoreError.busy) { try await commit.value() } }
        try await other.writeWithoutTransaction { db in try db.rollback() }
        #expect(store.openRequests == 0)
        try await store.shutdown()
    }

    @Test func `a second gateway on the same file is refused`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        #expect(throws: StoreError.alreadyOpen(path: folder.database)) {
            try RecordStore(StoreConfiguration(path: folder.database))
        }
        try await store.shutdown()
    }

    @Test func `a file that is no database is refused and left alone`() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "not a database\n", count: 200)
        try text.write(toFile: folder.database, atomically: true, encoding: .utf8)
        #expect(throws: StoreError.notADatabase(path: folder.database)) {
            try RecordStore(StoreConfiguration(path: folder.database))
        }
        #expect(throws: StoreError.notADatabase(path: folder.database)) {
            try RecordReader(path: folder.database)
        }
        #expect(try String(contentsOfFile: folder.database, encoding: .utf8) == text)
    }

    @Test func `another program's database is refused`() async throws {
        let folder = try TemporaryFolder()
        let other = try DatabaseQueue(path: folder.database)
        try await other.write { db in try db.execute(sql: "CREATE TABLE bookmarks (id INTEGER)") }
        try other.close()
        #expect(throws: StoreError.foreignDatabase(path: folder.database)) {
            try RecordStore(StoreConfiguration(path: folder.database))
        }
    }

    @Test func `a file of a later version is refused by name`() async throws {
        let folder = try TemporaryFolder()
        try await RecordStore.sample(in: folder).shutdown()
        let other = try DatabaseQueue(path: folder.database)
        try await other.write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v99')") }
        try other.close()
        #expect(throws: StoreError.newerSchema(path: folder.database, found: ["v99"])) {
            try RecordStore(StoreConfiguration(path: folder.database))
        }
        #expect(throws: StoreError.newerSchema(path: folder.database, found: ["v99"])) {
            try RecordReader(path: folder.database)
        }
    }

    @Test func `a missing folder is refused with its reason`() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/none/record.db"
        #expect(throws: StoreError.cannotOpen(path: path, reason: "No such file or directory")) {
            try RecordStore(StoreConfiguration(path: path))
        }
        #expect(throws: StoreError.noRecord(path: path)) {
            try RecordReader(path: path)
        }
    }

    @Test(arguments: [
        (ResultCode.SQLITE_READONLY, StoreError.readOnly(path: "p")),
        (.SQLITE_READONLY_DBMOVED, .readOnly(path: "p")),
        (.SQLITE_FULL, .full), (.SQLITE_BUSY_SNAPSHOT, .busy), (.SQLITE_LOCKED, .busy),
        (.SQLITE_CORRUPT_INDEX, .notADatabase(path: "p")),
        (.SQLITE_IOERR_FSYNC, .failed(code: 1_034, reason: "disk I/O error")),
    ])
    func `SQLite's codes become errors that say what to do`(code: ResultCode, expected: StoreError) {
        #expect(StoreError(DatabaseError(resultCode: code, message: "disk I/O error"), path: "p") == expected)
        #expect(expected.description.contains(";"), "\(expected) says what to do after a semicolon")
    }
}
