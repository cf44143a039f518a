import Policy
import Telemetry
import TestSupport
import Testing

@testable import Store

@Suite struct OutcomeTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 1))

    @Test func `the latest outcome wins and all are kept`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        let told = [1.0, 0, 1, 0].map { OutcomeRecord(request: id, metric: "success", value: $0) }
        #expect(try await store.record(told) == [.accepted, .accepted, .accepted, .accepted])
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.request(id)?.outcomes.map(\.value) == [1, 0, 1, 0])
        #expect(
            try reader.observations(of: "effort", metric: "success").first?.subjects.first?.outcomeSum == 0
        )
        try await store.shutdown()
    }

    @Test func `a key is taken once, and a different value under it is a conflict`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let (first, second) = (ids.next(), ids.next())
        try await store.open(.sample(first))
        try await store.open(.sample(second))
        func outcome(_ id: RequestID, _ value: Double, _ metric: String = "success") -> OutcomeRecord {
            OutcomeRecord(request: id, metric: .init(rawValue: metric), value: value, idempotencyKey: "k1")
        }
        #expect(try await store.record([outcome(first, 1)]) == [.accepted])
        #expect(
            try await store.record([
                outcome(first, 1), outcome(first, 0), outcome(first, 1, "rating"), outcome(second, 0),
            ]) == [.duplicate, .conflict, .conflict, .accepted]
        )
        #expect(try RecordReader(path: folder.database).request(first)?.outcomes.count == 1)
        try await store.shutdown()
    }

    @Test func `the same key twice in one batch is taken once`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        let outcome = OutcomeRecord(request: id, metric: "success", value: 1, idempotencyKey: "k1")
        #expect(try await store.record([outcome, outcome]) == [.accepted, .duplicate])
        try await store.shutdown()
    }

    @Test(arguments: [
        ("success", 0.5, OutcomeReceipt.invalidValue), ("success", .nan, .invalidValue),
        ("rating", .infinity, .invalidValue), ("rating", 4.5, .accepted), ("success", 0, .accepted),
        ("score", 1, .unknownMetric),
    ])
    func `a value is taken only if its metric allows it`(
        metric: String,
        value: Double,
        receipt: OutcomeReceipt
    ) async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        let outcome = OutcomeRecord(request: id, metric: .init(rawValue: metric), value: value)
        #expect(try await store.record([outcome]) == [receipt])
        try await store.shutdown()
    }

    @Test func `an unknown request gets a receipt and the rest of the batch is kept`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        let sibling = RequestID(key: id.key, tail: id.tail ^ 1)
        let told = [ids.next(), sibling, id].map { OutcomeRecord(request: $0, metric: "success", value: 1) }
        #expect(try await store.record(told) == [.unknownRequest, .unknownRequest, .accepted])
        try await store.shutdown()
    }

    @Test func `one request takes so many outcomes and no more`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder) { $0.outcomeLimit = 3 }
        let id = ids.next()
        try await store.open(.sample(id))
        let outcome = OutcomeRecord(request: id, metric: "rating", value: 2)
        let receipts = try await store.record([outcome, outcome, outcome, outcome])
        #expect(receipts == [.accepted, .accepted, .accepted, .tooMany])
        try await store.shutdown()
    }

    @Test func `accepted outcomes are counted by arm and value`() async throws {
        let folder = try TemporaryFolder()
        let metrics = HeadgateMetrics(version: "test")
        metrics.admit(policy: "effort", version: "aaaaaaaaaaaa", shares: ["low": 1], outcomes: ["success"])
        let store = try RecordStore(StoreConfiguration(path: folder.database), metrics: metrics)
        try await store.remember([.twoArms])
        let id = ids.next()
        try await store.open(.sample(id))
        let outcome = OutcomeRecord(request: id, metric: "success", value: 1, idempotencyKey: "k")
        _ = try await store.record([outcome, outcome])
        let line = #"headgate_outcomes_total{policy="effort",arm="low",metric="success",value="one"} 1"#
        #expect(metrics.exposition().contains(line + "\n"))
        try await store.shutdown()
    }
}
