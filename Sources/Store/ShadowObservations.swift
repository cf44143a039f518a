internal import FoundationEssentials
internal import GRDB
public import Policy

/// The shadows of one arm's requests in one mode.
public struct ShadowObservations: Sendable, Hashable {
    public var arm: ArmID
    /// The shadows' own.
    public var mode: ModeName
    public var ended: [TerminalState: Int] = [:]
    public var open = 0
    /// Of the shadows that completed.
    public var pairs: [ShadowPair] = []

    public init(arm: ArmID, mode: ModeName) {
        self.arm = arm
        self.mode = mode
    }
}

/// A request and its shadow, both completed.
public struct ShadowPair: Sendable, Hashable {
    /// What one of the two came to.
    public struct Run: Sendable, Hashable {
        public var score: Double?
        public var candidateTokens: Double
        /// From its start to its end, less the wait for a place.
        public var milliseconds: Double

        public init(score: Double?, candidateTokens: Double, milliseconds: Double) {
            self.score = score
            self.candidateTokens = candidateTokens
            self.milliseconds = milliseconds
        }
    }

    public var subject: SubjectNumber
    /// Nil where one of the answers said nothing to compare.
    public var agrees: Bool?
    public var live: Run
    public var shadow: Run

    public init(subject: SubjectNumber, agrees: Bool?, live: Run, shadow: Run) {
        self.subject = subject
        self.agrees = agrees
        self.live = live
        self.shadow = shadow
    }
}

extension RecordReader {
    /// The shadows under one policy version, by arm and mode in the order of their first; empty in a file that no gateway
    /// which knows shadows has opened yet.
    ///
    /// - Parameter since: requests that were assigned before count for nothing.
    public func shadows(
        of policy: PolicyID,
        version: PolicyVersion,
        since: Timestamp? = nil
    ) throws(StoreError) -> [ShadowObservations] {
        try read { db in
            guard try db.tableExists("shadow") else { return [] }
            let rows = try Row.fetchCursor(
                db,
                sql: Self.shadowRows,
                arguments: [
                    "policy": policy.rawValue, "version": version.rawValue,
                    "first": since.map { RequestID.leastKey(at: $0) } ?? 0,
                ]
            )
            var found: [ShadowObservations] = []
            while let row = try rows.next() {
                let new = ShadowObservations(
                    arm: ArmID(rawValue: row[0]),
                    mode: ModeName(rawValue: row[1])
                )
                let known = found.firstIndex { $0.arm == new.arm && $0.mode == new.mode }
                if known == nil { found.append(new) }
                try add(row, to: &found[known ?? found.count - 1])
            }
            return found
        }
    }

    private func add(_ row: Row, to observed: inout ShadowObservations) throws {
        guard let state = TerminalState(code: row[2]) else {
            observed.open += 1
            return
        }
        observed.ended[state, default: 0] += 1
        guard state == .completed else { return }
        var score: Double?
        if let packed: Data = row[11] {
            guard let tallies = ArmEffort.CandidateTallies([UInt8](packed), winner: row[10]) else {
                throw StoreError.inconsistent(
                    path: path,
                    what: "the candidates of request row \(row[12] as Int64) can't be read"
                )
            }
            score = tallies.winnerScore
        }
        observed.pairs.append(
            ShadowPair(
                subject: SubjectNumber(rawValue: row[3]),
                agrees: row[4],
                live: .init(score: score, candidateTokens: row[5], milliseconds: row[6]),
                shadow: .init(score: row[7], candidateTokens: row[8], milliseconds: row[9])
            )
        )
    }

    private static let shadowRows = """
        SELECT
            arm.name, mode.name, shadow.state, request.subject, shadow.agrees,
            coalesce(request.candidate_tokens, 0), (request.latency_us - request.queued_us) / 1000.0,
            shadow.score, coalesce(shadow.candidate_tokens, 0), (shadow.latency_us - shadow.queued_us) / 1000.0,
            request.winner, candidate.packed, request.id
        FROM shadow
        JOIN request ON request.id = shadow.request
        JOIN arm ON arm.id = request.arm
        JOIN policy_version ON policy_version.id = arm.policy_version
        JOIN mode ON mode.id = shadow.mode
        LEFT JOIN candidate ON candidate.request = request.id
        WHERE policy_version.policy = :policy AND policy_version.version = :version AND shadow.request >= :first
        ORDER BY shadow.request
        """
}
