internal import GRDB
internal import Policy

/// A rollout's row, the same in a record and in the file that a fleet shares.
extension RolloutRecord {
    static let replace =
        "INSERT OR REPLACE INTO rollout (policy, phase, stage, since_ms, document) VALUES (?, ?, ?, ?, ?)"

    var arguments: StatementArguments {
        [policy.rawValue, phase.rawValue, stage, since.millisecondsSinceEpoch, document.rawValue]
    }

    static func all(_ db: Database) throws -> [RolloutRecord] {
        try Row.fetchAll(db, sql: "SELECT * FROM rollout ORDER BY policy").compactMap { RolloutRecord($0) }
    }

    private init?(_ row: Row) {
        guard let phase = Phase(rawValue: row["phase"]) else { return nil }
        self.init(
            policy: PolicyID(rawValue: row["policy"]),
            phase: phase,
            stage: row["stage"],
            since: Timestamp(millisecondsSinceEpoch: row["since_ms"]),
            document: PolicyVersion(rawValue: row["document"])
        )
    }
}
