import Policy
import TestSupport
import Testing

@testable import Store

@Suite struct AttemptTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    private func assignment(_ id: RequestID, key: Int64, retryOf first: RequestID? = nil) -> AssignmentRecord
    {
        var assignment = AssignmentRecord.sample(id, excluded: first == nil ? nil : .retry)
        assignment.attempt = RecordedAttempt(key: key, first: first)
        return assignment
    }

    @Test func `an outcome of a retry is one of the first attempt`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (first, retry) = (ids.next(), ids.next())
        try await store.open(assignment(first, key: 7))
        try await store.open(assignment(retry, key: 7, retryOf: first))
        func told(_ id: RequestID) -> OutcomeRecord {
            OutcomeRecord(request: id, metric: "success", value: 1, idempotencyKey: "k")
        }
        #expect(try await store.record([told(retry)]) == [.accepted])
        #expect(try await store.record([told(first)]) == [.duplicate])
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.request(first)?.outcomes.count == 1)
        #expect(try reader.request(retry)?.outcomes.isEmpty == true)
        let observed = try reader.observations(of: "effort", metric: "success").first
        #expect(observed?.subjects.first?.outcomeSum == 1)
        #expect(observed?.excluded == 1)
        try await store.shutdown()
    }

    @Test func `an outcome of a retry whose first attempt got lost is the retry's own`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (lost, retry) = (ids.next(), ids.next())
        try await store.open(assignment(retry, key: 7, retryOf: lost))
        let outcome = OutcomeRecord(request: retry, metric: "success", value: 1)
        #expect(try await store.record([outcome]) == [.accepted])
        #expect(try RecordReader(path: folder.database).request(retry)?.outcomes.count == 1)
        try await store.shutdown()
    }

    @Test func `first attempts are read back: the latest, oldest first, no retries`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let all = (0..<4).map { _ in ids.next() }
        try await store.open(.sample(all[0]))
        for (id, key) in [(all[1], 1), (all[2], 2)] as [(RequestID, Int64)] {
            try await store.open(assignment(id, key: key))
        }
        try await store.open(assignment(all[3], key: 2, retryOf: all[2]))
        let reader = try RecordReader(path: folder.database)
        let start = Timestamp(millisecondsSinceEpoch: 0)
        #expect(try reader.firstAttempts(since: start, limit: 10).map(\.request) == [all[1], all[2]])
        let latest = StoredAttempt(key: 2, request: all[2], arm: "low")
        #expect(try reader.firstAttempts(since: start, limit: 1) == [latest])
        let later = Timestamp(millisecondsSinceEpoch: all[3].timestamp.millisecondsSinceEpoch + 1)
        #expect(try reader.firstAttempts(since: later, limit: 10).isEmpty)
        try await store.shutdown()
    }
}
