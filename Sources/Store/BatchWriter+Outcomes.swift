internal import GRDB

extension BatchWriter {
    /// Appends one outcome. An open request takes outcomes too: a client that gave up early may judge before its
    /// request's end is written, and what it says would otherwise be lost.
    ///
    /// What is told of a retry is told of the first attempt, for that is the one that counts.
    mutating func append(_ outcome: OutcomeRecord, at time: Timestamp, _ db: Database) throws
        -> OutcomeReceipt
    {
        let found = try Row.fetchOne(
            db.cachedStatement(sql: Self.countedRequest),
            arguments: [outcome.request.key, outcome.request.tail]
        )
        guard let found, let names = dictionaries.namesOfArm[found[1]] else { return .unknownRequest }
        let request: Int64 = found[0]
        let metricKey = Dictionaries.MetricKey(version: names.version, name: outcome.metric)
        guard let metric = dictionaries.metrics[metricKey] else { return .unknownMetric }
        guard outcome.value.isFinite, !metric.isBinary || outcome.value == 0 || outcome.value == 1 else {
            return .invalidValue
        }
        let key = outcome.idempotencyKey.map(BatchWriter.digest)
        var count = 0
        let earlier = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT metric, value, idempotency_key FROM outcome WHERE request = ?"),
            arguments: [request]
        )
        while let row = try earlier.next() {
            count += 1
            guard let key, row[2] as Int64? == key else { continue }
            return row[0] as Int64 == metric.id && row[1] as Double == outcome.value ? .duplicate : .conflict
        }
        guard count < outcomeLimit else { return .tooMany }
        let insert = try db.cachedStatement(sql: "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)")
        try insert.execute(arguments: [
            request, count, metric.id, outcome.value, outcome.source.code, key,
            time.millisecondsSinceEpoch,
        ])
        acceptedOutcomes.append((names.key, outcome.metric, outcome.value))
        return .accepted
    }

    /// The request itself, or the first attempt at it where that is on record.
    private static let countedRequest = """
        SELECT counted.id, counted.arm FROM request AS told
        JOIN request AS counted ON counted.id = coalesce(
            (SELECT first.id FROM request AS first WHERE first.id = told.retry_of), told.id
        )
        WHERE told.id = ? AND told.tail = ?
        """

    /// FNV-1a over 64 bits. Keys are compared only within one request, of which each may have a few dozen, so a
    /// key's digest does as well as the key and takes a fraction of its room.
    private static func digest(_ key: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
