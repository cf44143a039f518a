internal import GRDB
internal import Policy

/// What gateways with the same policies agree on: which one of them controls the rollouts, and where those stand.
///
/// A small SQLite file beside their own records that all of them reach. Control is a lease: whoever holds it renews it
/// with every turn, and once it is not renewed any other takes it, under a term that rises each time. A write names
/// its term, so a gateway that slept through its lease can't move anything when it wakes. Its journal is a rollback
/// journal and not a WAL, which no network file system can hold.
public final class FleetBook: Sendable {
    /// How long control lasts without being renewed. Clocks that differ by more make gateways take it from each other;
    /// even then no two write under one term.
    public static let leaseLength = Duration.seconds(10)

    private let database: DatabaseQueue
    private let path: String

    /// Makes the file if it isn't there.
    public init(path: String) throws(StoreError) {
        self.path = path
        var settings = Configuration()
        settings.label = "headgate.fleet"
        settings.busyMode = .timeout(1)
        do {
            database = try DatabaseQueue(path: path, configuration: settings)
            try database.write { db in
                let tables = try Int.fetchOne(
                    db,
                    sql: "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                )
                if tables != 0, try !db.tableExists("lease") { throw StoreError.foreignDatabase(path: path) }
                try db.execute(sql: Self.schema)
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Takes the lease if it is free, renews it in the second half of its time if it is this gateway's own, and says
    /// who has it and where the rollouts stand.
    ///
    /// Mostly that takes no more than reading, so that gateways don't wait for each other.
    public func turn(of gateway: String, at now: Timestamp) async throws(StoreError) -> FleetTurn {
        let seen = try await run(.deferred) { db in
            Self.isDue(try Lease(db), gateway, now) ? nil : try FleetTurn(db)
        }
        if let seen { return seen }
        return try await run(.immediate) { db in
            let lease = try Lease(db)
            guard Self.isDue(lease, gateway, now) else { return try FleetTurn(db) }
            let isRenewal = lease.map { $0.holder == gateway && $0.end > now.millisecondsSinceEpoch } ?? false
            try db.execute(
                sql: "INSERT OR REPLACE INTO lease (id, holder, term, expires_ms) VALUES (1, ?, ?, ?)",
                arguments: [
                    gateway, (lease?.term ?? 0) + (isRenewal ? 0 : 1),
                    now.millisecondsSinceEpoch + Self.length,
                ]
            )
            return try FleetTurn(db)
        }
    }

    private static let length = Int64(leaseLength / .milliseconds(1))

    private static func isDue(_ lease: Lease?, _ gateway: String, _ now: Timestamp) -> Bool {
        guard let lease else { return true }
        let left = lease.end - now.millisecondsSinceEpoch
        return left <= (lease.holder == gateway ? length / 2 : 0)
    }

    /// Writes all moves or none.
    ///
    /// - Parameters:
    ///   - term: the one under which this gateway controls; nil for moves that need no control, as a rollback.
    /// - Throws: `notInControl` if the term is over, `rolloutMoved` if a rollout is not where a move begins.
    public func write(_ moves: [FleetMove], term: Int64?) async throws(StoreError) {
        try await run(.immediate) { db in
            if let term, try Lease(db)?.term != term { throw StoreError.notInControl }
            let rollouts = try RolloutRecord.all(db)
            for move in moves {
                let found = rollouts.first { $0.policy == move.to.policy }
                guard found?.standing == move.from?.standing else {
                    throw StoreError.rolloutMoved(move.to.policy)
                }
                try db.execute(sql: RolloutRecord.replace, arguments: move.to.arguments)
            }
        }
    }

    /// Gives control back, so that another takes it at once.
    public func leave(_ gateway: String) async throws(StoreError) {
        try await run(.immediate) { db in
            try db.execute(sql: "UPDATE lease SET expires_ms = 0 WHERE holder = ?", arguments: [gateway])
        }
    }

    private func run<Value: Sendable>(
        _ kind: Database.TransactionKind,
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreError) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { waiter in
            database.asyncWriteWithoutTransaction { db in
                waiter.resume(returning: Result { try Self.transaction(kind, db, body) })
            }
        }
        do { return try result.get() } catch { throw StoreError(error, path: path) }
    }

    private static func transaction<Value>(
        _ kind: Database.TransactionKind,
        _ db: Database,
        _ body: (Database) throws -> Value
    ) throws -> Value {
        try db.beginTransaction(kind)
        do {
            let value = try body(db)
            try db.commit()
            return value
        } catch {
            if db.isInsideTransaction { try db.rollback() }
            throw error
        }
    }

    private static let schema = """
        CREATE TABLE IF NOT EXISTS lease (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            holder TEXT NOT NULL,
            term INTEGER NOT NULL,
            expires_ms INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE IF NOT EXISTS rollout (
            policy TEXT PRIMARY KEY,
            phase TEXT NOT NULL,
            stage INTEGER NOT NULL,
            since_ms INTEGER NOT NULL,
            document TEXT NOT NULL
        ) STRICT;
        """
}

/// What a gateway learns when it takes its turn.
public struct FleetTurn: Sendable, Hashable {
    /// The gateway that controls the rollouts.
    public let controller: String
    /// How often control has changed hands.
    public let term: Int64
    public let rollouts: [RolloutRecord]
}

/// Who controls, and until when: the one row of its table.
private struct Lease {
    let holder: String
    let term: Int64
    let end: Int64

    init?(_ db: Database) throws {
        guard let row = try Row.fetchOne(db, sql: "SELECT holder, term, expires_ms FROM lease") else {
            return nil
        }
        holder = row["holder"]
        term = row["term"]
        end = row["expires_ms"]
    }
}

extension FleetTurn {
    fileprivate init(_ db: Database) throws {
        let lease = try Lease(db)
        controller = lease?.holder ?? ""
        term = lease?.term ?? 0
        rollouts = try RolloutRecord.all(db)
    }
}

/// One rollout's step, from where the writer believes it to be.
public struct FleetMove: Sendable, Hashable {
    /// Nil for a rollout that the fleet doesn't know yet.
    public let from: RolloutRecord?
    public let to: RolloutRecord

    public init(from: RolloutRecord?, to: RolloutRecord) {
        self.from = from
        self.to = to
    }
}

extension RolloutRecord {
    /// All but the document: an edit that a rollout survives moves nothing.
    fileprivate var standing: [String] { [phase.rawValue, "\(stage)", "\(since.millisecondsSinceEpoch)"] }
}
