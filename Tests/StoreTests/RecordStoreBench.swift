import FoundationEssentials
import Policy
import Testing

@testable import Store

/// Figures, not checks: run with `HEADGATE_BENCH=1 swift test -c release --filter RecordStoreBench`.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["HEADGATE_BENCH"] != nil), .serialized)
struct RecordStoreBench {
    @Test(arguments: [32, 128, 512, 2_048], [true, false])
    func `requests per second, each opened and closed durably`(callers: Int, together: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let ids = RequestID.Generator()
        let each = callers < 100 ? 300 : 40_000 / callers
        let candidates = [RecordedCandidate](repeating: .sample, count: 8)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    for _ in 0..<each {
                        let id = ids.next()
                        let opening = try store.beginOpen(.sample(id))
                        if !together { try await opening.value() }
                        try await store.close(.sample(id, candidates: candidates))
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try await store.shutdown()
        let count = callers * each
        print(
            "callers \(callers)\(together ? ", open not awaited" : ""): \(Int(Double(count) / seconds)) requests/s,",
            "\(try size(folder.database) / count) bytes/request at k = 8"
        )
    }

    @Test(arguments: [1, 2, 8, 32], [true, false])
    func `bytes per request`(k: Int, together: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let ids = RequestID.Generator()
        var candidate = RecordedCandidate.sample
        candidate.answerDigest = nil
        candidate.answerTokens = 0
        let candidates = [RecordedCandidate](repeating: candidate, count: k)
        let count = 20_000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<100 {
                group.addTask {
                    for index in 0..<(count / 100) {
                        let id = ids.next()
                        let opening = try store.beginOpen(
                            .sample(id, subject: .init(rawValue: "\(caller) \(index)"))
                        )
                        if !together { try await opening.value() }
                        try await store.close(.sample(id, candidates: candidates))
                        _ = try await store.record([
                            OutcomeRecord(request: id, metric: "success", value: 1, idempotencyKey: "k")
                        ])
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.shutdown()
        print(
            "k = \(k)\(together ? ", open not awaited" : ""): \(try size(folder.database) / count) bytes/request with an outcome"
        )
    }

    private func size(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }
}
