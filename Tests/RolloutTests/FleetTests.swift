import Foundation
import Policy
import Store
import Synchronization
import Testing

@testable import Rollout

/// Gateways of one fleet: two controllers, each over a record of its own, and the file that they share.
struct FleetTests {
    private static func fleet(_ folder: URL, _ name: String) throws -> Fleet {
        let path = folder.appending(path: "fleet.db").path(percentEncoded: false)
        return Fleet(book: try FleetBook(path: path), gateway: name)
    }

    private static func gateway(
        _ name: String,
        _ folder: URL,
        _ documents: PolicySet? = nil,
        interval: Duration = .milliseconds(10),
        evidence: @escaping RolloutController.EvidenceSource = { _, _, _ in .unsound },
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) async throws -> ControlledGateway {
        try await ControlledGateway(
            folder,
            documents ?? PolicySet.ramp(),
            fleet: fleet(folder, name),
            record: name,
            interval: interval,
            evidence: evidence,
            now: now
        )
    }

    private func isReached(_ gateway: ControlledGateway, _ phase: String) async {
        while gateway.controller.statuses.first?.phase != phase { await Task.yield() }
    }

    @Test func `one controls and the other follows, each step of it`() async throws {
        try await withRecordFolder { folder in
            let one = try await Self.gateway("one", folder)
            let two = try await Self.gateway("two", folder)
            try await one.running { one in
                try await two.running { two in
                    _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                    await isReached(two, "stage 1")
                    #expect(two.medium == "1%")
                    _ = try await one.controller.command(.promote, "ramp", by: "ada").get()
                    await isReached(two, "stage 2")
                    #expect(two.medium == "5%")
                    let refused = await two.controller.command(.promote, "ramp", by: "ada")
                    #expect(throws: RolloutRefusal.self) { try refused.get() }
                    let words = two.controller.statuses.first?.waitsFor
                    #expect(words == nil || words == "gateway one controls the rollouts")
                }
            }
            #expect(try two.audits().map(\.actor) == ["fleet", "fleet"])
            #expect(try one.reader.rollouts() == two.reader.rollouts())
            try await one.store.shutdown()
            try await two.store.shutdown()
        }
    }

    @Test func `a follower's own evidence moves nothing`() async throws {
        try await withRecordFolder { folder in
            let asked = Mutex(0)
            let one = try await Self.gateway("one", folder)
            let two = try await Self.gateway("two", folder) { _, _, _ in
                asked.withLock { $0 += 1 }
                return .harm
            }
            try await one.running { one in
                try await two.running { two in
                    _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                    while two.controller.statuses.first?.waitsFor == nil { await Task.yield() }
                    #expect(two.controller.statuses.first?.waitsFor == "gateway one controls the rollouts")
                }
            }
            #expect(asked.withLock { $0 } == 0)
            try await one.store.shutdown()
            try await two.store.shutdown()
        }
    }

    @Test func `a rollback is taken from any gateway and reaches the others`() async throws {
        try await withRecordFolder { folder in
            let one = try await Self.gateway("one", folder)
            let two = try await Self.gateway("two", folder)
            try await one.running { one in
                try await two.running { two in
                    _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                    await isReached(two, "stage 1")
                    _ = try await two.controller.command(.rollback, "ramp", by: "bob").get()
                    #expect(two.medium == "0%")
                    await isReached(one, "rolled back from stage 1")
                    #expect(one.medium == "0%")
                    _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                    await isReached(two, "stage 1")
                }
            }
            try await one.store.shutdown()
            try await two.store.shutdown()
        }
    }

    @Test func `another gateway goes on where a dead one stopped`() async throws {
        try await withRecordFolder { folder in
            let time = Mutex(Timestamp(millisecondsSinceEpoch: 1_000_000_000_000))
            let now: @Sendable () -> Timestamp = { time.withLock { $0 } }
            let one = try await Self.gateway("one", folder, now: now)
            let two = try await Self.gateway("two", folder, now: now)
            // Its task is cancelled, but its lease stands, as after a kill.
            let dead = try Self.fleet(folder, "one").book
            try await one.running { one in
                _ = try await one.controller.command(.start, "ramp", by: "ada").get()
            }
            _ = try await dead.turn(of: "one", at: now())
            try await two.running { two in
                await isReached(two, "stage 1")
                let early = await two.controller.command(.promote, "ramp", by: "bob")
                #expect(throws: RolloutRefusal.self) { try early.get() }
                time.withLock { $0.millisecondsSinceEpoch += 10_000 }
                let status = try await two.controller.command(.promote, "ramp", by: "bob").get()
                #expect(status.phase == "stage 2")
            }
            try await one.store.shutdown()
            let again = try await Self.gateway("one", folder, now: now)
            #expect(again.medium == "5%", "the first comes back and takes over what the second did")
            try await again.store.shutdown()
            try await two.store.shutdown()
        }
    }

    @Test(arguments: [(StageEvidence.harm, "0%"), (.good, "1%")])
    func `a gateway that lost its fleet still rolls back, and does nothing else`(
        evidence: StageEvidence,
        share: String
    ) async throws {
        try await withRecordFolder { folder in
            let isLost = Mutex(false)
            let one = try await Self.gateway("one", folder) { _, _, _ in
                isLost.withLock { $0 } ? evidence : .unsound
            }
            try await one.running { one in
                _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                try Data("no database any more".utf8).write(to: folder.appending(path: "fleet.db"))
                isLost.withLock { $0 = true }
                if share == "0%" {
                    await isReached(one, "rolled back from stage 1")
                } else {
                    while one.controller.statuses.first?.waitsFor?.contains("fleet can't be reached") != true
                    {
                        await Task.yield()
                    }
                }
                #expect(one.medium == share)
                let refused = await one.controller.command(.promote, "ramp", by: "ada")
                #expect(throws: RolloutRefusal.self) { try refused.get() }
            }
            try await one.store.shutdown()
        }
    }

    @Test func `a follower with another document keeps what it has until the documents agree`() async throws {
        try await withRecordFolder { folder in
            let one = try await Self.gateway("one", folder)
            let other = try PolicySet.ramp(stages: "[2%, 100%]")
            let two = try await Self.gateway("two", folder, other)
            try await one.running { one in
                _ = try await one.controller.command(.start, "ramp", by: "ada").get()
                try await two.running { two in
                    _ = await two.controller.command(.pause, "ramp", by: "bob")
                    #expect(two.medium == "0%")
                    let same = try PolicySet.ramp()
                    #expect(await two.controller.adopt(same) == nil)
                    await isReached(two, "stage 1")
                    #expect(two.medium == "1%")
                }
            }
            try await one.store.shutdown()
            try await two.store.shutdown()
        }
    }
}

/// What a gateway and its fleet tell each other, as values.
struct FleetExchangeTests {
    private static func state(_ phase: RolloutState.Phase, _ since: Int) -> RolloutState {
        RolloutState(phase: phase, since: since)
    }

    /// Own state, the fleet's, whether the documents agree, whether this gateway controls; what becomes of it.
    @Test(
        arguments: [
            (state(.stage(0), 5), state(.stage(1), 9), true, false, "taken"),
            (state(.stage(0), 5), state(.stage(1), 9), true, true, "taken"),
            (state(.stage(1), 9), state(.stage(0), 5), true, true, "taken"),
            (state(.stage(0), 5), state(.stage(1), 9), false, false, "left"),
            (state(.stage(0), 5), state(.stage(1), 9), false, true, "told"),
            (state(.stage(0), 5), state(.stage(0), 5), true, true, "left"),
            (state(.stage(0), 5), state(.stage(0), 5), false, true, "told"),
            (state(.stage(0), 5), state(.stage(0), 5), false, false, "left"),
            (state(.rolledBack(1), 9), state(.stage(1), 5), true, false, "told"),
            (state(.rolledBack(1), 9), state(.stage(1), 5), true, true, "told"),
            (state(.rolledBack(1), 5), state(.stage(0), 5), true, false, "taken"),
            (state(.rolledBack(1), 5), state(.stage(0), 9), true, true, "taken"),
            (state(.stage(0), 5), nil, true, true, "told"), (state(.stage(0), 5), nil, true, false, "left"),
        ] as [(RolloutState, RolloutState?, Bool, Bool, String)]
    )
    func `the fleet's word holds, but for rollbacks and edits`(
        own: RolloutState,
        fleet: RolloutState?,
        agrees: Bool,
        controls: Bool,
        result: String
    ) throws {
        let documents = try PolicySet.ramp()
        let document = try #require(documents.policies.first)
        var desk = RolloutDesk(documents: documents, states: ["ramp": own])
        desk.role = controls ? .controller(term: 1) : .follower(of: "other")
        let found = fleet.map {
            RolloutRecord(policy: "ramp", $0, document: agrees ? document.version : "bbbbbbbbbbbb")
        }
        let exchange = desk.exchanging(with: found.map { [$0] } ?? [], of: "other")
        #expect(exchange.moves.map(\.to) == (result == "taken" ? [fleet] : []))
        #expect(exchange.desk.state(of: "ramp") == (result == "taken" ? fleet : own))
        let record = RolloutRecord(policy: "ramp", own, document: document.version)
        #expect(exchange.told == (result == "told" ? [FleetMove(from: found, to: record)] : []))
    }
}
