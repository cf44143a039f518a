internal import GRDB
public import Policy

extension RecordReader {
    /// Where each policy's rollout stands.
    public func rollouts() throws(StoreError) -> [RolloutRecord] {
        try read { db in
            guard try db.tableExists("rollout") else { return [] }
            return try RolloutRecord.all(db)
        }
    }

    /// The latest lines of the audit, newest first.
    ///
    /// - Parameters:
    ///   - policy: only those about this policy.
    ///   - text: only those with this text in actor, action, before, after or reason.
    public func audits(
        policy: PolicyID? = nil,
        text: String? = nil,
        limit: Int
    ) throws(StoreError) -> [AuditRecord] {
        try read { db in
            guard try db.tableExists("audit") else { return [] }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM audit
                    WHERE (:policy IS NULL OR policy = :policy)
                        AND (:text IS NULL OR instr(
                            actor || ' ' || action || ' ' || before || ' ' || after || ' ' || reason, :text
                        ) > 0)
                    ORDER BY id DESC LIMIT :limit
                    """,
                arguments: ["policy": policy?.rawValue, "text": text, "limit": limit]
            )
            return rows.map { AuditRecord($0) }
        }
    }

    /// Every line of the audit by one actor, oldest first.
    public func audits(by actor: String) throws(StoreError) -> [AuditRecord] {
        try read { db in
            guard try db.tableExists("audit") else { return [] }
            return try Row.fetchAll(
                db,
                sql: "SELECT * FROM audit WHERE actor = ? ORDER BY id",
                arguments: [actor]
            ).map { AuditRecord($0) }
        }
    }
}

extension AuditRecord {
    init(_ row: Row) {
        self.init(
            time: Timestamp(millisecondsSinceEpoch: row["at_ms"]),
            actor: row["actor"],
            action: row["action"],
            policy: (row["policy"] as String?).map { PolicyID(rawValue: $0) },
            before: row["before"],
            after: row["after"],
            reason: row["reason"]
        )
    }
}
