import FoundationEssentials
import GRDB
import Policy
import Testing

@testable import Store

/// Files of every schema that was ever released still open, and hold what they held.
///
/// `Golden` has one dump for each, taken of a file that a gateway of that version left behind. None is ever edited.
@Suite struct MigrationTests {
    /// The requests of the dumps: one with candidates and outcomes, one more that ended, one that never did.
    private static let ended = RequestID(key: 7_225_344_000_000_000, tail: 1_008_484_077_228_378_111)
    private static let second = RequestID(key: 7_225_344_000_000_001, tail: 3_347_958_588_943_389_730)
    private static let open = RequestID(key: 7_225_344_000_000_002, tail: 1_417_983_727_902_057_580)

    private static func dump(_ name: String) throws -> String {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name).sql")
        return try String(contentsOf: file, encoding: .utf8)
    }

    /// Every table and index, as the database spells it.
    private static func schema(_ database: DatabaseQueue) throws -> [String] {
        try database.read { db in
            try String.fetchAll(db, sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        }
    }

    static func make(_ name: String, at path: String) throws {
        let database = try DatabaseQueue(path: path)
        let dump = try dump(name)
        try database.writeWithoutTransaction { db in try db.execute(sql: dump) }
        try database.close()
    }

    @Test(arguments: ["v1", "v2", "v3", "v4"])
    func `each migration makes the schema that was released`(version: String) throws {
        let folder = try TemporaryFolder()
        try Self.make("schema-\(version)", at: folder.database)
        let made = try DatabaseQueue()
        try Migrations.all.migrate(made, upTo: version)
        #expect(try Self.schema(made) == Self.schema(DatabaseQueue(path: folder.database)))
    }

    @Test(arguments: ["schema-v1", "schema-v2", "schema-v3", "schema-v4"])
    func `a file of any schema opens, migrates and goes on`(schema: String) async throws {
        let folder = try TemporaryFolder()
        try Self.make(schema, at: folder.database)
        let store = try RecordStore(StoreConfiguration(path: folder.database))
        #expect(store.closedAsCrashed == 1)
        #expect(store.lastRequestID == Self.open)
        let id = RequestID.Generator(after: store.lastRequestID).next()
        try await store.open(.sample(id))
        try await store.close(.sample(id))
        try await store.shutdown()

        let file = try DatabaseQueue(path: folder.database)
        let (isCurrent, integrity, strays) = try await file.read { db in
            (
                try Migrations.all.hasCompletedMigrations(db),
                try String.fetchOne(db, sql: "PRAGMA integrity_check"),
                try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count
            )
        }
        #expect(isCurrent && integrity == "ok" && strays == 0, "\(integrity ?? "none"), \(strays) strays")
    }

    @Test func `a file of the first schema reads before any gateway has migrated it`() throws {
        let folder = try TemporaryFolder()
        try Self.make("schema-v1", at: folder.database)
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.request(Self.ended)?.state == .completed)
        #expect(try reader.observations(of: "effort", metric: "success").count == 2)
        let effort = try reader.efforts(of: "effort", version: "aaaaaaaaaaaa")["medium"]
        #expect(effort?.candidates == 1 && effort?.promptTokens == 0)
        #expect(try reader.shadows(of: "effort", version: "aaaaaaaaaaaa").isEmpty)
    }

    @Test func `what a file of the second schema held of efforts reads as before`() async throws {
        let folder = try TemporaryFolder()
        try Self.make("schema-v2", at: folder.database)
        try await RecordStore(StoreConfiguration(path: folder.database)).shutdown()
        let reader = try RecordReader(path: folder.database)
        let ended = try #require(try reader.request(Self.ended))
        #expect(ended.assigned == "medium" && ended.served == "low")
        guard case .ended(let completion) = ended.end else {
            Issue.record("\(ended.end)")
            return
        }
        #expect(completion.compute.cachedTokens == 16 && completion.confidence == 0.875)
        #expect(completion.stoppedBy == .agreement)
        #expect(completion.candidates.map(\.cutAtStep) == [nil, nil, 2])
        let effort = try reader.efforts(of: "effort", version: "aaaaaaaaaaaa")["low"]
        #expect(effort?.nested[2]?.requests == 1 && effort?.audited == 1)
        #expect(try reader.request(Self.open)?.end == .unmeasured(.failed, .crash))
    }

    @Test func `what a file of the first schema held reads as before`() async throws {
        let folder = try TemporaryFolder()
        try Self.make("schema-v1", at: folder.database)
        try await RecordStore(StoreConfiguration(path: folder.database)).shutdown()
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.policies() == [.twoArms])
        let ended = try #require(try reader.request(Self.ended))
        #expect(ended.arm == "medium" && ended.assigned == "medium" && ended.served == "low")
        #expect(ended.subject == SubjectNumber(SubjectID("ann").digest))
        #expect(ended.outcomes.map(\.value) == [0, 1, 4.5])
        #expect(ended.outcomes.map(\.source) == [.user, .human, .user])
        guard case .ended(let completion) = ended.end else {
            Issue.record("\(ended.end)")
            return
        }
        #expect(completion.state == .completed && completion.latency == .milliseconds(120))
        #expect(completion.compute.candidateTokens == 110 && completion.compute.cachedTokens == 0)
        #expect(completion.stoppedBy == nil && completion.confidence == nil)
        #expect(completion.candidates.map(\.score) == [RecordedCandidate.sample.score])
        #expect(completion.candidates.first?.stepScores.count == 5)
        let rejected = try #require(try reader.request(Self.second))
        #expect(rejected.state == .rejected && rejected.excluded == .clientEffort)
        #expect(try reader.request(Self.open)?.end == .unmeasured(.failed, .crash))
    }

    @Test func `rollouts and audit are as they were left`() throws {
        let folder = try TemporaryFolder()
        try Self.make("schema-v3", at: folder.database)
        let reader = try RecordReader(path: folder.database)
        let rollout = try #require(try reader.rollouts().first)
        #expect(rollout.phase == .stage && rollout.stage == 1)
        #expect(rollout.since.millisecondsSinceEpoch == 1_795_500_000_000)
        let audits = try reader.audits(policy: rollout.policy, text: "promoted", limit: 5)
        #expect(audits.map(\.actor) == ["ada"])
        #expect(try reader.audits(text: "nobody", limit: 5).isEmpty)
    }

    @Test(arguments: ["schema-v1", "schema-v2"])
    func `a file from before there were rollouts has none`(schema: String) throws {
        let folder = try TemporaryFolder()
        try Self.make(schema, at: folder.database)
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.rollouts().isEmpty)
        #expect(try reader.audits(limit: 5).isEmpty)
    }
}
