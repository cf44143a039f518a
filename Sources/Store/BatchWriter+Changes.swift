internal import GRDB
internal import Policy

extension BatchWriter {
    mutating func write(_ change: InForceChange, at time: Timestamp, _ db: Database) throws {
        for policy in change.policies { try dictionaries.remember(policy, at: time, db) }
        for rollout in change.rollouts {
            try db.execute(sql: RolloutRecord.replace, arguments: rollout.arguments)
        }
        for audit in change.audits {
            try db.execute(
                sql:
                    "INSERT INTO audit (at_ms, actor, action, policy, before, after, reason) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: [
                    (audit.time ?? time).millisecondsSinceEpoch, audit.actor, audit.action,
                    audit.policy?.rawValue, audit.before, audit.after, audit.reason,
                ]
            )
        }
    }
}
