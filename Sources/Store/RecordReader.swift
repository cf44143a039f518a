internal import FoundationEssentials
internal import GRDB
public import Policy

/// Reads a record without ever writing to it, also while a gateway writes.
public struct RecordReader: Sendable {
    private let database: DatabaseQueue
    let path: String

    /// Opens an existing file; throws if there is none or if it isn't a record of a known version.
    public init(path: String) throws(StoreError) {
        self.path = path
        var settings = Configuration()
        settings.label = "headgate.reader"
        settings.readonly = true
        settings.busyMode = .timeout(2)
        do {
            guard FileManager.default.fileExists(atPath: path) else {
                throw StoreError.noRecord(path: path)
            }
            database = try DatabaseQueue(path: path, configuration: settings)
            try database.read { db in
                try Migrations.checkOwner(db, path: path)
                guard try db.tableExists("request") else { throw StoreError.noRecord(path: path) }
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Every policy version in the record, oldest first.
    public func policies() throws(StoreError) -> [PolicyRecord] {
        try read { db in
            func rows(of table: String) throws -> [Int64: [Row]] {
                let all = try Row.fetchAll(db, sql: "SELECT * FROM \(table) ORDER BY id")
                return Dictionary(grouping: all) { $0["policy_version"] as Int64 }
            }
            let (arms, metrics) = (try rows(of: "arm"), try rows(of: "metric"))
            return try Row.fetchAll(db, sql: "SELECT * FROM policy_version ORDER BY id").map { row in
                let id: Int64 = row["id"]
                return PolicyRecord(
                    policy: PolicyID(rawValue: row["policy"]),
                    version: PolicyVersion(rawValue: row["version"]),
                    document: row["document"],
                    original: row["original"],
                    arms: arms[id, default: []].map { arm in
                        PolicyRecord.Arm(
                            id: ArmID(rawValue: arm["name"]),
                            isControl: arm["is_control"],
                            basisPoints: arm["share_basis_points"]
                        )
                    },
                    metrics: metrics[id, default: []].map { metric in
                        PolicyRecord.Metric(
                            name: MetricName(rawValue: metric["name"]),
                            isBinary: metric["is_binary"]
                        )
                    }
                )
            }
        }
    }

    /// One entry per arm of every version of a policy, oldest version first, with `metric` as the outcome.
    ///
    /// One pass over all requests. An arm without requests has an entry too.
    ///
    /// - Parameter since: leaves out what was assigned before.
    public func observations(
        of policy: PolicyID,
        metric: MetricName,
        since: Timestamp? = nil
    ) throws(StoreError) -> [ArmObservations] {
        try read { db in
            var tallies = try ObservationTallies(db, policy: policy)
            let rows = try Row.fetchCursor(
                db,
                sql: Self.observationRows,
                arguments: [
                    "policy": policy.rawValue, "metric": metric.rawValue,
                    "first": since.map { RequestID.leastKey(at: $0) } ?? 0,
                ]
            )
            while let row = try rows.next() { tallies.add(row) }
            return tallies.finished()
        }
    }

    private static let observationRows = """
        SELECT
            id, arm, subject, excluded, state, assigned_mode <> served_mode, latency_us, first_token_us,
            coalesce(prompt_tokens, 0), coalesce(candidate_tokens, 0), coalesce(cpu_us, 0),
            (
                SELECT value FROM outcome
                WHERE request = request.id AND metric IN (SELECT metric.id FROM metric WHERE name = :metric)
                ORDER BY sequence DESC LIMIT 1
            ),
            cause
        FROM request
        WHERE arm IN (
            SELECT arm.id FROM arm JOIN policy_version ON policy_version.id = policy_version
            WHERE policy = :policy
        ) AND id >= :first
        ORDER BY id
        """

    func read<Value>(_ body: (Database) throws -> Value) throws(StoreError) -> Value {
        do {
            return try database.read(body)
        } catch {
            throw StoreError(error, path: path)
        }
    }
}
