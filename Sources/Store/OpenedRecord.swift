internal import FoundationEssentials
internal import GRDB

/// A record's file, opened for writing, current in schema and consistent: what a store starts from.
struct OpenedRecord {
    let database: DatabaseQueue
    let dictionaries: Dictionaries
    let closedAsCrashed: Int
    let lastRequestID: RequestID?
    let runID: Int64

    init(_ configuration: StoreConfiguration, at time: Timestamp) throws(StoreError) {
        do {
            database = try DatabaseQueue(
                path: configuration.path,
                configuration: OpenedRecord.settings(configuration)
            )
            try database.writeWithoutTransaction { db in
                // GRDB's set-up for WAL lowers this to NORMAL, which may lose the last commits with the power.
                try db.execute(sql: "PRAGMA synchronous = FULL")
                if let limit = configuration.pageLimit {
                    try db.execute(sql: "PRAGMA max_page_count = \(limit)")
                }
            }
            try database.read { db in try Migrations.checkOwner(db, path: configuration.path) }
            try Migrations.all.migrate(database)
            let path = configuration.path
            let started = try database.write { db in try OpenedRecord.start(db, path: path, at: time) }
            (dictionaries, closedAsCrashed, lastRequestID, runID) = started
        } catch {
            throw StoreError(error, path: configuration.path)
        }
    }

    private static func settings(_ configuration: StoreConfiguration) -> Configuration {
        var settings = Configuration()
        settings.label = "headgate.record"
        settings.journalMode = .wal
        settings.foreignKeysEnabled = true
        settings.busyMode = .timeout(TimeInterval(configuration.busyTimeout.microseconds) / 1_000_000)
        return settings
    }

    private static func start(
        _ db: Database,
        path: String,
        at time: Timestamp
    ) throws -> (Dictionaries, Int, RequestID?, Int64) {
        try checkTally(db, path: path)
        let crashed = try endOpenRequests(cause: .crash, db)
        try db.execute(
            sql: "INSERT INTO server_run (started_ms, closed_as_crashed) VALUES (?, ?)",
            arguments: [time.millisecondsSinceEpoch, crashed]
        )
        let runID = db.lastInsertedRowID
        let last = try Row.fetchOne(db, sql: "SELECT id, tail FROM request ORDER BY id DESC LIMIT 1")
        return (
            try Dictionaries(db), crashed, last.map { RequestID(key: $0["id"], tail: $0["tail"]) }, runID
        )
    }

    /// `assigned = ended + open`: the tally is kept apart from the rows, so a row that vanished or
    /// changed behind our back shows here without reading them all.
    private static func checkTally(_ db: Database, path: String) throws {
        let open = try Int.fetchOne(db, sql: "SELECT count(*) FROM request WHERE state = 0") ?? 0
        guard let tally = try Row.fetchOne(db, sql: "SELECT assigned, ended FROM tally") else {
            throw StoreError.inconsistent(path: path, what: "its tally is missing")
        }
        let (assigned, ended): (Int, Int) = (tally["assigned"], tally["ended"])
        guard assigned == ended + open else {
            let what = "\(assigned) requests were assigned, but \(ended) ended and \(open) are open"
            throw StoreError.inconsistent(path: path, what: what)
        }
    }

    /// Closes every open request, and every open shadow, as failed; returns how many requests there were.
    @discardableResult
    static func endOpenRequests(cause: EndCause, _ db: Database) throws -> Int {
        try db.execute(
            sql: "UPDATE request SET state = ?, cause = ? WHERE state = 0",
            arguments: [TerminalState.failed.code, cause.code]
        )
        let count = db.changesCount
        try db.execute(sql: "UPDATE tally SET ended = ended + ?", arguments: [count])
        try db.execute(
            sql: "UPDATE shadow SET state = ?, cause = ? WHERE state = 0",
            arguments: [TerminalState.failed.code, cause.code]
        )
        return count
    }
}
