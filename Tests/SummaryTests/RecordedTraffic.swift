import Foundation
import Policy
import Store
import Summary
import Synchronization

/// A record in a folder of its own, filled request by request through the real store.
final class RecordedTraffic: Sendable {
    let folder: URL
    private let store: RecordStore
    private let ids: RequestID.Generator

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(
            path: "headgate-summary-\(UUID().uuidString)"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try RecordStore(StoreConfiguration(path: folder.appending(path: "record.db").path))
        let clock = Clock()
        ids = RequestID.Generator(now: { clock.next() })
    }

    deinit {
        do { try FileManager.default.removeItem(at: folder) } catch {
            print("could not remove \(folder): \(error)")
        }
    }

    var path: String { folder.appending(path: "record.db").path }

    func remember(_ policies: [SplitPolicy]) async throws {
        try await store.remember(
            policies.map { policy in
                PolicyRecord(
                    policy: policy.id,
                    version: policy.version,
                    document: policy.source,
                    arms: policy.arms.map {
                        PolicyRecord.Arm(
                            id: $0.id,
                            isControl: $0.isControl,
                            basisPoints: $0.share.basisPoints
                        )
                    },
                    metrics: policy.metrics.map { PolicyRecord.Metric(name: $0.name, isBinary: true) }
                )
            }
        )
    }

    /// One request of a subject, ended unless `state` is nil, with a success or a failure told afterwards.
    func request(
        _ policy: SplitPolicy,
        _ arm: ArmID,
        _ subject: SubjectID,
        success: Bool? = nil,
        state: TerminalState? = .completed,
        latency: Duration = .milliseconds(100),
        tokens: Int = 10,
        excluded: Exclusion? = nil,
        shadow: ModeName? = nil,
        _ change: (inout CompletionRecord) -> Void = { _ in }
    ) async throws {
        let id = ids.next()
        let mode = ModeName(rawValue: arm.rawValue)
        try await store.open(
            AssignmentRecord(
                id: id,
                policy: policy.id,
                version: policy.version,
                arm: arm,
                assigned: mode,
                served: mode,
                subject: subject.digest,
                excluded: excluded
            )
        )
        guard let state else { return }
        var completion = CompletionRecord(
            id: id,
            state: state,
            latency: latency,
            firstToken: state == .completed ? latency / 4 : nil,
            compute: RecordedCompute(promptTokens: 5, candidateTokens: tokens, cpu: .milliseconds(50))
        )
        change(&completion)
        try await store.close(completion)
        if let shadow {
            try await store.open(ShadowOpening(request: id, mode: shadow))
            let compute = RecordedCompute(candidateTokens: 100 * tokens)
            try await store.close(
                ShadowCompletion(
                    request: id,
                    state: .completed,
                    latency: latency * 4,
                    compute: compute,
                    agrees: true
                )
            )
        }
        guard let success else { return }
        let outcome = OutcomeRecord(request: id, metric: "success", value: success ? 1 : 0)
        let receipts = try await store.record([outcome])
        precondition(receipts == [.accepted], "the outcome was not accepted but \(receipts)")
    }

    func summary() throws -> SummaryBuilder { SummaryBuilder(reader: try RecordReader(path: path)) }
}

/// Second by second from the fixtures' beginning.
private final class Clock: Sendable {
    let start = Timestamp(millisecondsSinceEpoch: 1_793_620_800_000)
    private let calls = Mutex<Int64>(0)

    func next() -> Timestamp {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        return Timestamp(millisecondsSinceEpoch: start.millisecondsSinceEpoch + call * 1_000)
    }
}
