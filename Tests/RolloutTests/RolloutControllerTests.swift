import Foundation
import Logging
import Policy
import Stats
import Store
import Synchronization
import Testing

@testable import Rollout

/// The controller over a real record, killed and started again.
struct RolloutControllerTests {
    private static func policy(
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

    /// One gateway's part in it, on the record in a folder.
    private struct Gateway {
        let store: RecordStore
        let active: ActivePolicies
        let controller: RolloutController
        let reader: RecordReader

        init(
            _ folder: URL,
            _ documents: PolicySet,
            interval: Duration = .seconds(3_600),
            evidence: @escaping RolloutController.EvidenceSource = { _, _, _ in .nothing }
        ) async throws {
            let path = folder.appending(path: "record.db").path(percentEncoded: false)
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
                active: active,
                store: store,
                evidence: evidence,
                interval: interval,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            try await controller.begin()
        }

        var medium: String { active.current.policies.first?.arm("medium")?.share.description ?? "none" }

        /// Runs the controller while the body does.
        func running<R: Sendable>(_ body: @Sendable (Gateway) async throws -> R) async throws -> R {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [controller] in try await controller.run() }
                let result = try await body(self)
                group.cancelAll()
                return result
            }
        }
    }

    private func withFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "rollout-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }

    @Test func `every step is on record before it is in force, and a restart goes on from it`() async throws {
        try await withFolder { folder in
            let documents = try Self.policy()
            let steps: [(OperatorCommand, share: String, phase: String)] = [
                (.start, "1%", "stage 1"), (.pause, "1%", "paused in stage 1"), (.resume, "1%", "stage 1"),
                (.promote, "5%", "stage 2"), (.promote, "100%", "stage 3"), (.promote, "100%", "done"),
                (.rollback, "0%", "rolled back from stage 3"), (.start, "1%", "stage 1"),
            ]
            for (number, step) in steps.enumerated() {
                let gateway = try await Gateway(folder, documents)
                let status = try await gateway.running { gateway in
                    try await gateway.controller.command(step.0, "ramp", by: "ada").get()
                }
                #expect(status.phase == step.phase)
                #expect(gateway.medium == step.share)
                let versions = try gateway.reader.policies().map(\.version.rawValue)
                #expect(versions.contains(status.version))
                let audits = try gateway.reader.audits(limit: 100)
                #expect(audits.count == number + 1)
                #expect(audits.first?.actor == "ada")
                #expect(audits.first?.after == "\(step.phase) \(status.version)")
                try await gateway.store.shutdown()
                let again = try await Gateway(folder, documents)
                #expect(again.medium == step.share, "after \(step.0) and a restart")
                #expect(again.controller.statuses.first?.phase == step.phase)
                #expect(again.controller.statuses.first?.since == status.since)
                try await again.store.shutdown()
            }
        }
    }

    @Test func `what can't be recorded does not come into force`() async throws {
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy())
            try await gateway.store.shutdown()
            let edited = try Self.policy(low: "90%", medium: "10%")
            let (reply, problem) = try await gateway.running { gateway in
                (
                    await gateway.controller.command(.start, "ramp", by: "ada"),
                    await gateway.controller.adopt(edited)
                )
            }
            #expect(throws: RolloutRefusal.self) { try reply.get() }
            #expect(problem != nil)
            #expect(gateway.medium == "0%")
        }
    }

    @Test func `a refused command changes nothing and leaves no trace`() async throws {
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy())
            try await gateway.running { gateway in
                for (command, policy) in [(OperatorCommand.pause, "ramp"), (.start, "nobody")] {
                    let reply = await gateway.controller.command(
                        command,
                        PolicyID(rawValue: policy),
                        by: "ada"
                    )
                    #expect(throws: RolloutRefusal.self) { try reply.get() }
                }
            }
            let audits = try gateway.reader.audits(limit: 10)
            #expect(audits.isEmpty)
            try await gateway.store.shutdown()
        }
    }

    @Test func `an edit keeps the stage, and one of the shares ends the rollout`() async throws {
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy())
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                _ = await gateway.controller.command(.promote, "ramp", by: "ada")
                let finer = try Self.policy(stages: "[1%, 2%, 5%, 50%]")
                #expect(await gateway.controller.adopt(finer) == nil)
                #expect(gateway.medium == "5%")
                #expect(gateway.controller.statuses.first?.phase == "stage 3")
                let byHand = try Self.policy(low: "70%", medium: "30%")
                #expect(await gateway.controller.adopt(byHand) == nil)
                #expect(gateway.medium == "30%")
                #expect(gateway.controller.statuses.first?.phase == "idle")
                let audits = try gateway.reader.audits(limit: 10)
                #expect(audits.first?.actor == "file")
            }
            try await gateway.store.shutdown()
        }
    }

    @Test(arguments: [(true, "5%"), (false, "10%")])
    func `an edit while nobody served is taken as one`(keeps: Bool, share: String) async throws {
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy())
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                _ = await gateway.controller.command(.promote, "ramp", by: "ada")
            }
            try await gateway.store.shutdown()
            let edited =
                keeps
                ? try Self.policy(stages: "[5%, 100%]")
                : try Self.policy(low: "90%", medium: "10%", rollout: false)
            let again = try await Gateway(folder, edited)
            #expect(again.medium == share)
            try await again.store.shutdown()
        }
    }

    @Test(arguments: [
        (StageEvidence.harm, ["0%"], "rolled back from stage 1"), (.good, ["5%", "100%", "100%"], "done"),
    ])
    func `a rollout moves by itself on evidence`(
        evidence: StageEvidence,
        shares: [String],
        phase: String
    ) async throws {
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy(), interval: .milliseconds(1)) { _, _, _ in
                evidence
            }
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                while gateway.controller.statuses.first?.phase != phase { await Task.yield() }
            }
            let audits = try gateway.reader.audits(limit: 10)
            #expect(audits.count == shares.count + 1)
            #expect(audits.dropLast().allSatisfy { $0.actor == "rollout" })
            #expect(gateway.medium == shares.last)
            try await gateway.store.shutdown()
        }
    }

    @Test func `evidence that can't be read moves nothing and says so`() async throws {
        struct Unreadable: Error {}
        try await withFolder { folder in
            let gateway = try await Gateway(folder, Self.policy(), interval: .milliseconds(1)) { _, _, _ in
                throw Unreadable()
            }
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                while gateway.controller.statuses.first?.waitsFor == nil { await Task.yield() }
            }
            #expect(gateway.controller.statuses.first?.waitsFor?.contains("can't be read") == true)
            #expect(gateway.medium == "1%")
            try await gateway.store.shutdown()
        }
    }
}

extension StageEvidence {
    fileprivate static let nothing = StageEvidence(
        decision: .wait,
        reasons: [],
        isSound: true,
        subjects: 0,
        spike: nil
    )
    fileprivate static let good = StageEvidence(
        decision: .go,
        reasons: [],
        isSound: true,
        subjects: 9,
        spike: nil
    )
    fileprivate static let harm = StageEvidence(
        decision: .wait,
        reasons: [],
        isSound: false,
        subjects: 1,
        spike: "failures"
    )
}
