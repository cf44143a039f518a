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
    @Test func `every step is on record before it is in force, and a restart goes on from it`() async throws {
        try await withRecordFolder { folder in
            let documents = try PolicySet.ramp()
            let steps: [(OperatorCommand, share: String, phase: String)] = [
                (.start, "1%", "stage 1"), (.pause, "1%", "paused in stage 1"), (.resume, "1%", "stage 1"),
                (.promote, "5%", "stage 2"), (.promote, "100%", "stage 3"), (.promote, "100%", "done"),
                (.rollback, "0%", "rolled back from stage 3"), (.start, "1%", "stage 1"),
            ]
            for (number, step) in steps.enumerated() {
                let gateway = try await ControlledGateway(folder, documents)
                let status = try await gateway.running { gateway in
                    try await gateway.controller.command(step.0, "ramp", by: "ada").get()
                }
                #expect(status.phase == step.phase)
                #expect(gateway.medium == step.share)
                let versions = try gateway.reader.policies().map(\.version)
                #expect(versions.contains(status.version))
                let audits = try gateway.audits()
                #expect(audits.count == number + 1)
                #expect(audits.first?.actor == "ada")
                #expect(audits.first?.after == "\(step.phase) \(status.version)")
                try await gateway.store.shutdown()
                let again = try await ControlledGateway(folder, documents)
                #expect(again.medium == step.share, "after \(step.0) and a restart")
                #expect(again.controller.statuses.first?.phase == step.phase)
                #expect(again.controller.statuses.first?.since == status.since)
                try await again.store.shutdown()
            }
        }
    }

    @Test func `what can't be recorded does not come into force`() async throws {
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp())
            try await gateway.store.shutdown()
            let edited = try PolicySet.ramp(low: "90%", medium: "10%")
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
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp())
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
            let audits = try gateway.audits()
            #expect(audits.isEmpty)
            try await gateway.store.shutdown()
        }
    }

    @Test func `an edit keeps the stage, and one of the shares ends the rollout`() async throws {
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp())
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                _ = await gateway.controller.command(.promote, "ramp", by: "ada")
                let finer = try PolicySet.ramp(stages: "[1%, 2%, 5%, 50%]")
                #expect(await gateway.controller.adopt(finer) == nil)
                #expect(gateway.medium == "5%")
                #expect(gateway.controller.statuses.first?.phase == "stage 3")
                let byHand = try PolicySet.ramp(low: "70%", medium: "30%")
                #expect(await gateway.controller.adopt(byHand) == nil)
                #expect(gateway.medium == "30%")
                #expect(gateway.controller.statuses.first?.phase == "idle")
                let audits = try gateway.audits()
                #expect(audits.first?.actor == "file")
            }
            try await gateway.store.shutdown()
        }
    }

    @Test(arguments: [(["start", "promote", "promote", "promote"], "done"), (["start", "rollback"], "0%")])
    func `a rollout that outlives an edit is of the edited document`(
        commands: [String],
        end: String
    ) async throws {
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, .ramp())
            let edited = try PolicySet.ramp(stages: "[2%, 100%]")
            try await gateway.running { gateway in
                for command in commands.compactMap(OperatorCommand.init(rawValue:)) {
                    _ = try await gateway.controller.command(command, "ramp", by: "ada").get()
                }
                #expect(await gateway.controller.adopt(edited) == nil)
            }
            let record = try #require(try gateway.reader.rollouts().first)
            #expect(record.document == edited.policies.first?.version, "\(end)")
            #expect(gateway.medium == (end == "done" ? "100%" : end))
            try await gateway.store.shutdown()
        }
    }

    @Test(arguments: [(true, "5%"), (false, "10%")])
    func `an edit while nobody served is taken as one`(keeps: Bool, share: String) async throws {
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp())
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                _ = await gateway.controller.command(.promote, "ramp", by: "ada")
            }
            try await gateway.store.shutdown()
            let edited =
                keeps
                ? try PolicySet.ramp(stages: "[5%, 100%]")
                : try PolicySet.ramp(low: "90%", medium: "10%", rollout: false)
            let again = try await ControlledGateway(folder, edited)
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
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp(), interval: .milliseconds(1)) {
                _,
                _,
                _ in
                evidence
            }
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                while gateway.controller.statuses.first?.phase != phase { await Task.yield() }
            }
            let audits = try gateway.audits()
            #expect(audits.count == shares.count + 1)
            #expect(audits.dropLast().allSatisfy { $0.actor == "rollout" })
            #expect(gateway.medium == shares.last)
            try await gateway.store.shutdown()
        }
    }

    @Test func `evidence that can't be read moves nothing and says so`() async throws {
        struct Unreadable: Error {}
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, PolicySet.ramp(), interval: .milliseconds(1)) {
                _,
                _,
                _ in
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
