internal import GRDB
public import Policy

/// One version of a policy, as the record tells its story.
public struct PolicyVersionRecord: Sendable, Hashable {
    public let version: PolicyVersion
    public let firstSeen: Timestamp
    /// The first line of the audit that names the version; nil where it was recorded without one.
    public let introduction: AuditRecord?
    /// Whether a rollout's share made it, and nobody ever wrote it.
    public let isFromRollout: Bool

    public init(
        version: PolicyVersion,
        firstSeen: Timestamp,
        introduction: AuditRecord?,
        isFromRollout: Bool
    ) {
        self.version = version
        self.firstSeen = firstSeen
        self.introduction = introduction
        self.isFromRollout = isFromRollout
    }
}

extension RecordReader {
    /// The versions of a policy, newest first.
    public func versions(of policy: PolicyID, limit: Int) throws(StoreError) -> [PolicyVersionRecord] {
        try read { db in
            let introductions = try Self.introductions(of: policy, db)
            return try Row.fetchAll(
                db,
                sql: "SELECT * FROM policy_version WHERE policy = ? ORDER BY id DESC LIMIT ?",
                arguments: [policy.rawValue, limit]
            ).map { row in
                let version: String = row["version"]
                let introduction = introductions[version]
                let original: String? = row["original"]
                return PolicyVersionRecord(
                    version: PolicyVersion(rawValue: version),
                    firstSeen: Timestamp(millisecondsSinceEpoch: row["first_seen_ms"]),
                    introduction: introduction,
                    isFromRollout: original == nil && introduction?.action == AuditRecord.rolloutAction
                )
            }
        }
    }

    /// The document of a version: as it was written where that is known, else in normal form.
    public func document(of policy: PolicyID, version: PolicyVersion) throws(StoreError) -> String? {
        try read { db in
            let row = try Row.fetchOne(
                db,
                sql: "SELECT * FROM policy_version WHERE policy = ? AND version = ?",
                arguments: [policy.rawValue, version.rawValue]
            )
            return row.map { $0["original"] ?? $0["document"] }
        }
    }

    /// The document that each policy had last, by the audit; those that are gone are left out.
    public func auditedDocuments() throws(StoreError) -> [PolicyID: PolicyVersion] {
        try read { db in
            guard try db.tableExists("audit") else { return [:] }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT policy, after FROM audit
                    WHERE id IN (SELECT max(id) FROM audit WHERE action = ? GROUP BY policy) AND after <> ?
                    """,
                arguments: [AuditRecord.policyAction, AuditRecord.gone]
            )
            return Dictionary(
                uniqueKeysWithValues: rows.map {
                    (PolicyID(rawValue: $0["policy"]), PolicyVersion(rawValue: $0["after"]))
                }
            )
        }
    }

    /// The first line of the audit that ends in each version.
    private static func introductions(of policy: PolicyID, _ db: Database) throws -> [String: AuditRecord] {
        guard try db.tableExists("audit") else { return [:] }
        let rows = try Row.fetchCursor(
            db,
            sql: "SELECT * FROM audit WHERE policy = ? ORDER BY id",
            arguments: [policy.rawValue]
        )
        var found: [String: AuditRecord] = [:]
        while let row = try rows.next() {
            let after: String = row["after"]
            guard let version = after.split(separator: " ").last.map(String.init), found[version] == nil
            else {
                continue
            }
            found[version] = AuditRecord(row)
        }
        return found
    }
}
