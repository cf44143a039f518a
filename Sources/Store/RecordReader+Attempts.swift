internal import GRDB
public import Policy

/// The first attempt at something that its client may send again.
public struct StoredAttempt: Sendable, Hashable {
    public var key: Int64
    public var request: RequestID
    public var arm: ArmID

    public init(key: Int64, request: RequestID, arm: ArmID) {
        self.key = key
        self.request = request
        self.arm = arm
    }
}

extension RecordReader {
    /// The first attempts since a time, oldest first; where there are more than the limit, the latest.
    public func firstAttempts(since: Timestamp, limit: Int) throws(StoreError) -> [StoredAttempt] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT request.id, tail, idempotency_key, arm.name
                    FROM request INDEXED BY request_keyed JOIN arm ON arm.id = arm
                    WHERE idempotency_key IS NOT NULL AND request.id >= ? AND retry_of IS NULL
                    ORDER BY request.id DESC LIMIT ?
                    """,
                arguments: [RequestID.leastKey(at: since), limit]
            )
            return rows.reversed().map { row in
                StoredAttempt(
                    key: row[2],
                    request: RequestID(key: row[0], tail: row[1]),
                    arm: ArmID(rawValue: row[3])
                )
            }
        }
    }
}
