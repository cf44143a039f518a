internal import Foundation
internal import GRDB
public import Policy

/// One request's row, read back.
public struct StoredRequest: Sendable, Hashable {
    public var policy: PolicyID
    public var version: PolicyVersion
    public var arm: ArmID
    public var assigned: ModeName
    public var served: ModeName
    public var subject: SubjectNumber
    public var excluded: Exclusion?
    public var end: End
    /// Every outcome told, oldest first.
    public var outcomes: [StoredOutcome]

    public enum End: Sendable, Hashable {
        case open
        case ended(CompletionRecord)
        /// Closed by us because nobody else could: after a crash or at shutdown. Nothing was measured.
        case unmeasured(TerminalState, EndCause?)
    }
}

public struct StoredOutcome: Sendable, Hashable {
    public var metric: MetricName
    public var value: Double
    public var source: OutcomeSource
    public var recorded: Timestamp
}

extension RecordReader {
    /// One request's life; nil if the record doesn't have it.
    public func request(_ id: RequestID) throws(StoreError) -> StoredRequest? {
        try read { db in
            let row = try Row.fetchOne(db, sql: Self.requestRow, arguments: [id.key, id.tail])
            guard let row else { return nil }
            return StoredRequest(
                policy: PolicyID(rawValue: row["policy"]),
                version: PolicyVersion(rawValue: row["version"]),
                arm: ArmID(rawValue: row["arm_name"]),
                assigned: ModeName(rawValue: row["assigned_name"]),
                served: ModeName(rawValue: row["served_name"]),
                subject: SubjectNumber(rawValue: row["subject"]),
                excluded: Exclusion(code: row["excluded"]),
                end: try end(of: id, row),
                outcomes: try outcomes(of: id, db)
            )
        }
    }

    private func end(of id: RequestID, _ row: Row) throws -> StoredRequest.End {
        guard let state = TerminalState(code: row["state"]) else { return .open }
        let cause = (row["cause"] as Int64?).flatMap(EndCause.init(code:))
        guard let latency: Int64 = row["latency_us"] else { return .unmeasured(state, cause) }
        var candidates: [RecordedCandidate] = []
        if let packed: Data = row["packed"] {
            guard let read = CandidateCoding.unpack([UInt8](packed)) else {
                throw StoreError.inconsistent(
                    path: path,
                    what: "the candidates of request \(id) can't be read"
                )
            }
            candidates = read
        }
        let firstToken: Int64? = row["first_token_us"]
        return .ended(
            CompletionRecord(
                id: id,
                state: state,
                cause: cause,
                latency: .microseconds(latency),
                firstToken: firstToken.map { .microseconds($0) },
                queued: .microseconds(row["queued_us"] as Int64),
                compute: RecordedCompute(
                    promptTokens: row["prompt_tokens"],
                    cachedTokens: row["cached_tokens"] as Int? ?? 0,
                    candidateTokens: row["candidate_tokens"],
                    answerTokens: row["answer_tokens"],
                    reasoningTokens: row["reasoning_tokens"],
                    scoredSteps: row["scored_steps"],
                    cpu: .microseconds(row["cpu_us"] as Int64)
                ),
                winner: row["winner"],
                candidates: candidates,
                stoppedBy: (row["stopped_by"] as Int64?).flatMap(RecordedStop.init(code:)),
                confidence: row["confidence"]
            )
        )
    }

    private func outcomes(of id: RequestID, _ db: Database) throws -> [StoredOutcome] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT name, value, source, recorded_ms FROM outcome JOIN metric ON metric.id = outcome.metric
                WHERE request = ? ORDER BY sequence
                """,
            arguments: [id.key]
        ).map { row in
            guard let source = OutcomeSource(code: row["source"]) else {
                throw StoreError.inconsistent(
                    path: path,
                    what: "an outcome of request \(id) has no known source"
                )
            }
            return StoredOutcome(
                metric: MetricName(rawValue: row["name"]),
                value: row["value"],
                source: source,
                recorded: Timestamp(millisecondsSinceEpoch: row["recorded_ms"])
            )
        }
    }

    private static let requestRow = """
        SELECT
            request.*, packed, policy_version.policy, policy_version.version, arm.name AS arm_name,
            assigned.name AS assigned_name, served.name AS served_name
        FROM request
        JOIN arm ON arm.id = arm
        JOIN policy_version ON policy_version.id = arm.policy_version
        JOIN mode AS assigned ON assigned.id = assigned_mode
        JOIN mode AS served ON served.id = served_mode
        LEFT JOIN candidate ON candidate.request = request.id
        WHERE request.id = ? AND tail = ?
        """
}
