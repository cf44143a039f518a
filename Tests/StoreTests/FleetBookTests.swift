import GRDB
import Policy
import Testing

@testable import Store

@Suite struct FleetBookTests {
    private static let length = Int64(FleetBook.leaseLength / .milliseconds(1))

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

    private func rollout(stage: Int, since: Int64) -> RolloutRecord {
        RolloutRecord(policy: "ramp", phase: .stage, stage: stage, since: at(since), document: "aaaaaaaaaaaa")
    }

    @Test(arguments: [(length - 1, "a", 1), (length, "b", 2)] as [(Int64, String, Int64)])
    func `control lasts as long as its lease`(later: Int64, controller: String, term: Int64) async throws {
        let folder = try TemporaryFolder()
        let (one, two) = (
            try FleetBook(path: folder.path + "/fleet"), try FleetBook(path: folder.path + "/fleet")
        )
        #expect(try await one.turn(of: "a", at: at(1_000)).controller == "a")
        let turn = try await two.turn(of: "b", at: at(1_000 + later))
        #expect(turn.controller == controller && turn.term == term)
    }

    @Test func `a renewed lease keeps its term, and one that ran out has another`() async throws {
        let folder = try TemporaryFolder()
        let book = try FleetBook(path: folder.path + "/fleet")
        let times = [0, Self.length - 1, 2 * Self.length - 2, 3 * Self.length - 2]
        var terms: [Int64] = []
        for time in times { terms.append(try await book.turn(of: "a", at: at(time)).term) }
        #expect(terms == [1, 1, 1, 2])
    }

    @Test func `a gateway that leaves makes room at once`() async throws {
        let folder = try TemporaryFolder()
        let book = try FleetBook(path: folder.path + "/fleet")
        _ = try await book.turn(of: "a", at: at(0))
        try await book.leave("b")
        #expect(try await book.turn(of: "b", at: at(1)).controller == "a")
        try await book.leave("a")
        #expect(try await book.turn(of: "b", at: at(2)).controller == "b")
    }

    @Test func `whoever slept through its lease moves nothing`() async throws {
        let folder = try TemporaryFolder()
        let book = try FleetBook(path: folder.path + "/fleet")
        let old = try await book.turn(of: "a", at: at(0))
        let new = try await book.turn(of: "b", at: at(Self.length))
        let move = FleetMove(from: nil, to: rollout(stage: 0, since: 1))
        await #expect(throws: StoreError.notInControl) { try await book.write([move], term: old.term) }
        try await book.write([move], term: new.term)
        #expect(try await book.turn(of: "b", at: at(Self.length)).rollouts == [move.to])
    }

    @Test func `a move from where the rollout no longer is changes nothing, nor does what came with it`()
        async throws
    {
        let folder = try TemporaryFolder()
        let book = try FleetBook(path: folder.path + "/fleet")
        let first = rollout(stage: 0, since: 1)
        try await book.write([FleetMove(from: nil, to: first)], term: nil)
        var other = rollout(stage: 1, since: 2)
        other.policy = "other"
        let moves = [
            FleetMove(from: nil, to: other),
            FleetMove(from: rollout(stage: 0, since: 0), to: rollout(stage: 1, since: 2)),
        ]
        await #expect(throws: StoreError.rolloutMoved("ramp")) { try await book.write(moves, term: nil) }
        #expect(try await book.turn(of: "a", at: at(0)).rollouts == [first])
    }

    @Test func `another program's database is refused`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/fleet"
        try DatabaseQueue(path: path).write { db in try db.execute(sql: "CREATE TABLE shop (id INTEGER)") }
        #expect(throws: StoreError.foreignDatabase(path: path)) { try FleetBook(path: path) }
    }
}
