internal import GRDB
internal import Policy

/// The names that rows refer to by number, held in memory so that a row costs no lookup.
///
/// A value: a batch that fails puts the copy from before the batch back.
struct Dictionaries {
    struct ArmKey: Hashable {
        var policy: PolicyID
        var version: PolicyVersion
        var arm: ArmID
    }

    struct MetricKey: Hashable {
        var version: Int64
        var name: MetricName
    }

    struct Metric {
        var id: Int64
        var isBinary: Bool
    }

    private(set) var arms: [ArmKey: Int64] = [:]
    private(set) var namesOfArm: [Int64: (key: ArmKey, version: Int64)] = [:]
    private(set) var metrics: [MetricKey: Metric] = [:]
    private var modes: [ModeName: Int64] = [:]

    init(_ db: Database) throws {
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT arm.id, arm.name, policy_version, policy, version
                FROM arm JOIN policy_version ON policy_version.id = policy_version
                """
        ) {
            let key = ArmKey(
                policy: PolicyID(rawValue: row["policy"]),
                version: PolicyVersion(rawValue: row["version"]),
                arm: ArmID(rawValue: row["name"])
            )
            arms[key] = row["id"]
            namesOfArm[row["id"]] = (key, row["policy_version"])
        }
        for row in try Row.fetchAll(db, sql: "SELECT * FROM metric") {
            let key = MetricKey(version: row["policy_version"], name: MetricName(rawValue: row["name"]))
            metrics[key] = Metric(id: row["id"], isBinary: row["is_binary"])
        }
        for row in try Row.fetchAll(db, sql: "SELECT * FROM mode") {
            modes[ModeName(rawValue: row["name"])] = row["id"]
        }
    }

    /// The mode's number, which is made on first use.
    mutating func mode(_ name: ModeName, _ db: Database) throws -> Int64 {
        if let id = modes[name] { return id }
        try db.execute(sql: "INSERT INTO mode (name) VALUES (?)", arguments: [name.rawValue])
        modes[name] = db.lastInsertedRowID
        return db.lastInsertedRowID
    }

    /// Keeps a policy version with its arms and metrics; of one that is known, only how it is written now.
    mutating func remember(_ policy: PolicyRecord, at time: Timestamp, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO policy_version (policy, version, document, original, first_seen_ms)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (policy, version) DO NOTHING
                """,
            arguments: [
                policy.policy.rawValue, policy.version.rawValue, policy.document, policy.original,
                time.millisecondsSinceEpoch,
            ]
        )
        guard db.changesCount == 1 else { return try rewrite(policy, db) }
        let version = db.lastInsertedRowID
        for arm in policy.arms {
            try db.execute(
                sql:
                    "INSERT INTO arm (policy_version, name, is_control, share_basis_points) VALUES (?, ?, ?, ?)",
                arguments: [version, arm.id.rawValue, arm.isControl, arm.basisPoints]
            )
            let key = ArmKey(policy: policy.policy, version: policy.version, arm: arm.id)
            arms[key] = db.lastInsertedRowID
            namesOfArm[db.lastInsertedRowID] = (key, version)
        }
        for metric in policy.metrics {
            try db.execute(
                sql: "INSERT INTO metric (policy_version, name, is_binary) VALUES (?, ?, ?)",
                arguments: [version, metric.name.rawValue, metric.isBinary]
            )
            let key = MetricKey(version: version, name: metric.name)
            metrics[key] = Metric(id: db.lastInsertedRowID, isBinary: metric.isBinary)
        }
    }

    /// Other comments make no other version, and the ones to be kept are those of the last hand.
    private func rewrite(_ policy: PolicyRecord, _ db: Database) throws {
        guard let original = policy.original else { return }
        try db.execute(
            sql: """
                UPDATE policy_version SET original = :original
                WHERE policy = :policy AND version = :version AND original IS NOT :original
                """,
            arguments: [
                "original": original, "policy": policy.policy.rawValue, "version": policy.version.rawValue,
            ]
        )
    }
}
