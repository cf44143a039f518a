import Policy
import Testing

@testable import Store

/// Versions as they were written, and who wrote them.
@Suite struct VersionTests {
    private static func version(_ version: PolicyVersion, original: String? = nil) -> PolicyRecord {
        var record = PolicyRecord.twoArms
        record.version = version
        record.document = "normal form of \(version)\n"
        record.original = original
        return record
    }

    private static func audit(
        _ action: String,
        _ before: String,
        _ after: String,
        by actor: String = "ann",
        of policy: PolicyID = "effort"
    ) -> AuditRecord {
        AuditRecord(
            actor: actor,
            action: action,
            policy: policy,
            before: before,
            after: after,
            reason: "why"
        )
    }

    @Test func `a version is read as it was written last, or in normal form`() async throws {
        let folder = try TemporaryFolder()
        let store = try RecordStore(StoreConfiguration(path: folder.database))
        try await store.remember([Self.version("a", original: "# one\n"), Self.version("b")])
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.document(of: "effort", version: "a") == "# one\n")
        #expect(try reader.document(of: "effort", version: "b") == "normal form of b\n")
        #expect(try reader.document(of: "effort", version: "c") == nil)
        #expect(try reader.document(of: "other", version: "a") == nil)

        try await store.remember([
            Self.version("a", original: "# two\n"), Self.version("b", original: "# b\n"),
        ])
        #expect(try reader.document(of: "effort", version: "a") == "# two\n")
        #expect(try reader.document(of: "effort", version: "b") == "# b\n")
        try await store.remember([Self.version("a")])
        #expect(try reader.document(of: "effort", version: "a") == "# two\n", "a rollout's return keeps it")
        #expect(try reader.policies().map(\.original) == ["# two\n", "# b\n"])
        #expect(try reader.policies().map(\.arms.count) == [2, 2])
        try await store.shutdown()
    }

    @Test func `versions come newest first, with the line of the audit that brought each`() async throws {
        let folder = try TemporaryFolder()
        let clock = SteppedClock(5_000)
        let store = try RecordStore(StoreConfiguration(path: folder.database), now: clock.now)
        try await store.record(
            InForceChange(
                policies: [Self.version("a", original: "a")],
                audits: [Self.audit("policy", "none", "a"), Self.audit("policy", "none", "b", of: "other")]
            )
        )
        clock.advance(by: 1_000)
        try await store.record(
            InForceChange(
                policies: [Self.version("b"), Self.version("c")],
                audits: [
                    Self.audit("rollout", "idle a", "stage 1 b", by: "rollout"),
                    Self.audit("policy", "b", "a", by: "bob"),
                ]
            )
        )
        let reader = try RecordReader(path: folder.database)
        let versions = try reader.versions(of: "effort", limit: 10)
        #expect(versions.map(\.version) == ["c", "b", "a"])
        #expect(versions.map(\.firstSeen.millisecondsSinceEpoch) == [6_000, 6_000, 5_000])
        #expect(versions.map { $0.introduction?.actor } == [nil, "rollout", "ann"])
        #expect(versions.map(\.isFromRollout) == [false, true, false])
        #expect(try reader.versions(of: "effort", limit: 2).map(\.version) == ["c", "b"])
        #expect(try reader.versions(of: "nobody", limit: 10).isEmpty)
        try await store.shutdown()
    }

    @Test func `the last document of each policy is by the audit, gone ones left out`() async throws {
        let folder = try TemporaryFolder()
        let store = try RecordStore(StoreConfiguration(path: folder.database))
        try await store.record(
            InForceChange(
                policies: [],
                audits: [
                    Self.audit("policy", "none", "a"), Self.audit("policy", "a", "b"),
                    Self.audit("rollout", "idle b", "stage 1 c"),
                    Self.audit("policy", "none", "d", of: "other"),
                    Self.audit("policy", "d", "gone", of: "other"),
                    Self.audit("policy", "none", "e", of: "third"),
                ]
            )
        )
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.auditedDocuments() == ["effort": "b", "third": "e"])
        try await store.shutdown()
    }

    @Test(arguments: ["schema-v1", "schema-v2", "schema-v3"])
    func `a file from before anyone kept originals has normal forms`(schema: String) throws {
        let folder = try TemporaryFolder()
        try MigrationTests.make(schema, at: folder.database)
        let reader = try RecordReader(path: folder.database)
        let known = try #require(try reader.policies().first)
        #expect(known.original == nil)
        #expect(try reader.document(of: known.policy, version: known.version) == known.document)
        #expect(try reader.versions(of: known.policy, limit: 10).map(\.version).contains(known.version))
        #expect(try reader.auditedDocuments().isEmpty)
    }
}
