import Foundation
import Logging
import Policy
import Stats
import Store

@testable import Rollout

/// One gateway's part in it, on the record in a folder.
struct ControlledGateway {
    let store: RecordStore
    let active: ActivePolicies
    let controller: RolloutController
    let reader: RecordReader

    init(
        _ folder: URL,
        _ documents: PolicySet,
        fleet: Fleet? = nil,
        record: String = "record",
        interval: Duration = .seconds(3_600),
        evidence: @escaping RolloutController.EvidenceSource = { _, _, _ in .nothing },
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) async throws {
        let path = folder.appending(path: "\(record).db").path(percentEncoded: false)
        store = try RecordStore(StoreConfiguration(path: path))
        active = ActivePolicies(documents)
        reader = try RecordReader(path: path)
        let records = try reader.rollouts()
        let known = try reader.policies().filter { record in
            records.contains { $0.document == record.version }
        }
        controller = RolloutController(
            documents: documents,
            rollouts: records,
            known: try known.map { try SplitPolicy(yaml: $0.document, file: "known") },
            audited: try reader.auditedDocuments(),
            active: active,
            store: store,
            fleet: fleet,
            evidence: evidence,
            interval: interval,
            now: now,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await controller.begin()
    }

    /// The last hundred about rollouts, or about documents, newest first.
    func audits(_ action: String = AuditRecord.rolloutAction) throws -> [AuditRecord] {
        try reader.audits(limit: 100).filter { $0.action == action }
    }

    var medium: String { active.current.policies.first?.arm("medium")?.share.description ?? "none" }

    /// Runs the controller while the body does.
    func running<R: Sendable>(_ body: @Sendable (ControlledGateway) async throws -> R) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [controller] in try await controller.run() }
            let result = try await body(self)
            group.cancelAll()
            return result
        }
    }
}

extension PolicySet {
    static func ramp(
        low: String = "100%",
        medium: String = "0%",
        stages: String = "[1%, 5%, 100%]",
        rollout: Bool = true
    ) throws -> PolicySet {
        let section =
            rollout
            ? "rollout: {arm: medium, stages: \(stages), hold: {time: 0s, subjects: 0}, advance: automatic}\n"
            : ""
        let yaml = """
            policy: ramp
            arms:
              low: {share: \(low), mode: low, control: true}
              medium: {share: \(medium), mode: medium}
            metrics: {success: {kind: binary}}
            decide: {primary: {metric: success}}
            \(section)
            """
        return try PolicySet([(file: "ramp.yaml", policy: SplitPolicy(yaml: yaml, file: "ramp.yaml"))])
    }
}

func withRecordFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rollout-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}

extension StageEvidence {
    static let nothing = StageEvidence(
        decision: .wait,
        reasons: [],
        isSound: true,
        subjects: 0,
        spike: nil
    )
    /// Nothing that a rollout would advance on.
    static let unsound = StageEvidence(
        decision: .wait,
        reasons: [],
        isSound: false,
        subjects: 0,
        spike: nil
    )
    static let good = StageEvidence(
        decision: .go,
        reasons: [],
        isSound: true,
        subjects: 9,
        spike: nil
    )
    static let harm = StageEvidence(
        decision: .wait,
        reasons: [],
        isSound: false,
        subjects: 1,
        spike: "failures"
    )
}
