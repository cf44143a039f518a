import Foundation
import Policy
import Testing

@testable import Rollout
@testable import Store

/// Documents on record: who changed them, and how they were written.
extension RolloutControllerTests {
    private static let ann = PolicyAuthor(actor: "ann", reason: "because")

    /// A folder as it is read, by the names of its files.
    private static func folder(_ files: [String: String]) throws -> PolicySet {
        try PolicySet(
            files: files.sorted { $0.key < $1.key }.map { PolicyFile(name: $0, bytes: Array($1.utf8)) },
            folder: "policies"
        )
    }

    private static func text(_ name: String, salt: String = "s", priority: Int = 10) -> String {
        """
        # A comment.
        policy: \(name)
        priority: \(priority)
        salt: \(salt)
        arms: {low: {share: 100%, mode: low}}

        """
    }

    /// Actor, policy, what it was, what it is, why; without versions, which only have to be right.
    private static func words(_ audit: AuditRecord) -> String {
        func word(_ version: String) -> String {
            [AuditRecord.none, AuditRecord.gone].contains(version) ? version : "V"
        }
        let isSame = audit.before == audit.after
        return "\(audit.actor) \(audit.policy?.rawValue ?? "-") \(word(audit.before)) "
            + "\(isSame ? "same" : word(audit.after)) \(audit.reason)"
    }

    @Test func `every document's change is audited under whoever made it`() async throws {
        try await withRecordFolder { folder in
            let first = try Self.folder(["a.yaml": Self.text("a"), "b.yaml": Self.text("b", priority: 11)])
            let gateway = try await ControlledGateway(folder, first)
            let edited = try Self.folder([
                "a.yaml": Self.text("a", salt: "t"), "c.yaml": Self.text("c", priority: 12),
            ])
            let rewritten = try Self.folder([
                "a.yaml": "# Another.\n" + Self.text("a", salt: "t"),
                "moved.yaml": Self.text("c", priority: 12),
            ])
            try await gateway.running { gateway in
                #expect(await gateway.controller.adopt(edited) == nil)
                #expect(await gateway.controller.adopt(rewritten) == nil)
                #expect(await gateway.controller.adopt(first, by: Self.ann) == nil)
            }
            let audits = try gateway.audits(AuditRecord.policyAction)
            #expect(
                audits.reversed().map(Self.words) == [
                    "file a none V found at start", "file b none V found at start",
                    "file a V V edited", "file b V gone removed", "file c none V added",
                    "file a V same edited without effect",
                    "ann a V V because", "ann b none V because", "ann c V gone because",
                ]
            )
            let versions = first.policies.map(\.version.rawValue)
            #expect(audits[2].after == versions[0] && audits[1].after == versions[1])
            #expect(audits[2].before == edited.policies[0].version.rawValue)
            try await gateway.store.shutdown()
        }
    }

    @Test func `what changed while nobody served is audited once, at the start`() async throws {
        try await withRecordFolder { folder in
            let first = try Self.folder(["a.yaml": Self.text("a"), "b.yaml": Self.text("b", priority: 11)])
            let second = try Self.folder(["a.yaml": Self.text("a", salt: "t")])
            for documents in [first, first, second, second] {
                let gateway = try await ControlledGateway(folder, documents)
                try await gateway.store.shutdown()
            }
            let gateway = try await ControlledGateway(folder, first)
            #expect(
                try gateway.audits(AuditRecord.policyAction).reversed().map(Self.words) == [
                    "file a none V found at start", "file b none V found at start",
                    "file a V V edited while nobody served", "file b V gone removed while nobody served",
                    "file a V V edited while nobody served", "file b none V found at start",
                ]
            )
            try await gateway.store.shutdown()
        }
    }

    @Test func `what is audited and what is in force are one commit`() async throws {
        try await withRecordFolder { folder in
            let first = try Self.folder(["a.yaml": Self.text("a")])
            let gateway = try await ControlledGateway(folder, first)
            try await gateway.store.execute(
                "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(FAIL, 'x'); END"
            )
            let edited = try Self.folder(["a.yaml": Self.text("a", salt: "t")])
            let problem = try await gateway.running { await $0.controller.adopt(edited, by: Self.ann) }
            #expect(problem != nil)
            #expect(gateway.active.current == first)
            #expect(try gateway.reader.policies().map(\.version) == first.policies.map(\.version))
            try await gateway.store.shutdown()
        }
    }

    @Test func `an operator's edit that ends a rollout is the operator's in both lines`() async throws {
        try await withRecordFolder { folder in
            let gateway = try await ControlledGateway(folder, .ramp())
            let byHand = try PolicySet.ramp(low: "70%", medium: "30%")
            try await gateway.running { gateway in
                _ = await gateway.controller.command(.start, "ramp", by: "ada")
                #expect(await gateway.controller.adopt(byHand, by: Self.ann) == nil)
            }
            #expect(try gateway.reader.audits(limit: 2).map(\.actor) == ["ann", "ann"])
            #expect(try gateway.reader.audits(limit: 2).map(\.action) == ["rollout", "policy"])
            try await gateway.store.shutdown()
        }
    }

    @Test func `versions that people wrote have their text, and those of a rollout have none`() async throws {
        try await withRecordFolder { folder in
            let written = try PolicySet.ramp()
            let gateway = try await ControlledGateway(folder, written)
            // Its document is in force at no moment: the stage's share is.
            let finer = try PolicySet.ramp(stages: "[1%, 2%, 100%]")
            try await gateway.running { gateway in
                _ = try await gateway.controller.command(.start, "ramp", by: "ada").get()
                #expect(await gateway.controller.adopt(finer) == nil)
            }
            let versions = try gateway.reader.versions(of: "ramp", limit: 10)
            #expect(versions.map(\.isFromRollout) == [true, false, true, false])
            #expect(versions[0].version == gateway.active.current.policies.first?.version)
            #expect(versions[1].version == finer.policies.first?.version)
            #expect(versions.map { $0.introduction?.actor } == ["file", "file", "ada", "file"])
            let text = finer.file(of: "ramp")?.text
            #expect(try gateway.reader.document(of: "ramp", version: versions[1].version) == text)
            let made = try #require(try gateway.reader.document(of: "ramp", version: versions[0].version))
            #expect(try SplitPolicy(yaml: made, file: "made").version == versions[0].version)
            try await gateway.store.shutdown()
        }
    }
}
