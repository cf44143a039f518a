internal import FoundationEssentials
internal import GRDB
internal import Policy

/// Turns one batch of writes into rows, inside a transaction that the caller owns.
///
/// A write that makes no sense (a second close, an unknown arm) gets its own error and leaves the rest of the
/// batch alone. A write that SQLite refuses throws, and the whole batch fails with it.
struct BatchWriter {
    typealias AcceptedOutcome = (arm: Dictionaries.ArmKey, metric: MetricName, value: Double)

    var dictionaries: Dictionaries
    /// Requests that the last batch left open, and those open before that it ended.
    private(set) var opened: [RequestID] = []
    private(set) var closed: [RequestID] = []
    /// Those of the last batch.
    private(set) var acceptedOutcomes: [AcceptedOutcome] = []
    private let outcomeLimit: Int
    private var assigned: Int64 = 0
    private var ended: Int64 = 0

    init(dictionaries: Dictionaries, outcomeLimit: Int) {
        self.dictionaries = dictionaries
        self.outcomeLimit = outcomeLimit
    }

    /// Writes all rows and the tally, and says for each write, in order, what became of it.
    mutating func write(
        _ batch: [PendingWrite],
        at time: Timestamp,
        _ db: Database
    ) throws -> [CommitReply] {
        (assigned, ended) = (0, 0)
        (opened, closed) = ([], [])
        acceptedOutcomes = []
        let completions = BatchWriter.completions(in: batch)
        var replies = [CommitReply?](repeating: nil, count: batch.count)
        for index in batch.indices where replies[index] == nil {
            switch batch[index].work {
            case .open(let assignment):
                let later = completions[assignment.id].flatMap { $0.index > index ? $0 : nil }
                replies[index] = try open(assignment, completion: later?.record, db)
                if let later, case .success = replies[index] { replies[later.index] = .success([]) }
            case .close(let completion):
                replies[index] = try close(completion, db)
            case .outcomes(let outcomes):
                replies[index] = .success(try outcomes.map { try append($0, at: time, db) })
            case .change(let change):
                try write(change, at: time, db)
                replies[index] = .success([])
            }
        }
        if assigned != 0 || ended != 0 {
            let tally = try db.cachedStatement(
                sql: "UPDATE tally SET assigned = assigned + ?, ended = ended + ?"
            )
            try tally.execute(arguments: [assigned, ended])
        }
        return replies.map { $0 ?? .failure(.stopped) }
    }

    /// The first completion of each request in the batch, so that a request that starts and ends within one batch
    /// is written once, at its full length, instead of being moved when it grows.
    private static func completions(
        in batch: [PendingWrite]
    ) -> [RequestID: (index: Int, record: CompletionRecord)] {
        var found: [RequestID: (index: Int, record: CompletionRecord)] = [:]
        guard batch.count > 1 else { return found }
        for (index, write) in batch.enumerated() {
            guard case .close(let completion) = write.work, found[completion.id] == nil else { continue }
            found[completion.id] = (index, completion)
        }
        return found
    }

    private mutating func open(
        _ assignment: AssignmentRecord,
        completion: CompletionRecord?,
        _ db: Database
    ) throws -> CommitReply {
        let key = Dictionaries.ArmKey(
            policy: assignment.policy,
            version: assignment.version,
            arm: assignment.arm
        )
        guard let arm = dictionaries.arms[key] else {
            return .failure(.unregisteredArm(assignment.policy, assignment.version, assignment.arm))
        }
        let insert = try db.cachedStatement(sql: Self.insertRequest)
        try insert.execute(arguments: [
            assignment.id.key, assignment.id.tail, arm,
            dictionaries.mode(assignment.assigned, db),
            dictionaries.mode(completion?.served ?? assignment.served, db),
            SubjectNumber(assignment.subject).rawValue,
            assignment.excluded?.code ?? Exclusion.countedCode,
            completion?.state.code ?? TerminalState.openCode,
            completion?.cause?.code, completion?.latency.microseconds, completion?.firstToken?.microseconds,
            completion?.queued.microseconds, completion?.compute.promptTokens,
            completion?.compute.candidateTokens, completion?.compute.answerTokens,
            completion?.compute.reasoningTokens, completion?.compute.scoredSteps,
            completion?.compute.cpu.microseconds, completion?.winner, completion?.compute.cachedTokens,
            completion?.stoppedBy?.code, completion?.confidence,
            completion.flatMap { NestedPicks($0)?.packed },
        ])
        guard db.changesCount == 1 else { return .failure(.duplicateRequest(assignment.id)) }
        assigned += 1
        if let completion {
            ended += 1
            try append(completion.candidates, of: completion.id, db)
        } else {
            opened.append(assignment.id)
        }
        return .success([])
    }

    private mutating func close(_ completion: CompletionRecord, _ db: Database) throws -> CommitReply {
        let served = try completion.served.map { try dictionaries.mode($0, db) }
        let update = try db.cachedStatement(sql: Self.endRequest)
        try update.execute(arguments: [
            completion.state.code, completion.cause?.code,
            completion.latency.microseconds, completion.firstToken?.microseconds,
            completion.queued.microseconds, completion.compute.promptTokens,
            completion.compute.candidateTokens, completion.compute.answerTokens,
            completion.compute.reasoningTokens, completion.compute.scoredSteps,
            completion.compute.cpu.microseconds, completion.winner, completion.compute.cachedTokens,
            completion.stoppedBy?.code, completion.confidence, NestedPicks(completion)?.packed,
            served, completion.id.key, completion.id.tail,
        ])
        guard db.changesCount == 1 else {
            let state = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT state FROM request WHERE id = ? AND tail = ?"),
                arguments: [completion.id.key, completion.id.tail]
            )
            guard let state, let ended = TerminalState(code: state) else {
                return .failure(.unknownRequest(completion.id))
            }
            return .failure(.alreadyClosed(completion.id, as: ended))
        }
        ended += 1
        closed.append(completion.id)
        try append(completion.candidates, of: completion.id, db)
        return .success([])
    }

    private func append(_ candidates: [RecordedCandidate], of request: RequestID, _ db: Database) throws {
        if candidates.isEmpty { return }
        let insert = try db.cachedStatement(sql: "INSERT INTO candidate (request, packed) VALUES (?, ?)")
        try insert.execute(arguments: [request.key, Data(CandidateCoding.pack(candidates))])
    }

    private static let insertRequest = """
        INSERT INTO request (
            id, tail, arm, assigned_mode, served_mode, subject, excluded, state, cause, latency_us,
            first_token_us, queued_us, prompt_tokens, candidate_tokens, answer_tokens, reasoning_tokens,
            scored_steps, cpu_us, winner, cached_tokens, stopped_by, confidence, nested
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO NOTHING
        """

    private static let endRequest = """
        UPDATE request SET
            state = ?, cause = ?, latency_us = ?, first_token_us = ?, queued_us = ?, prompt_tokens = ?,
            candidate_tokens = ?, answer_tokens = ?, reasoning_tokens = ?, scored_steps = ?, cpu_us = ?,
            winner = ?, cached_tokens = ?, stopped_by = ?, confidence = ?, nested = ?,
            served_mode = coalesce(?, served_mode)
        WHERE id = ? AND tail = ? AND state = 0
        """
}

extension BatchWriter {
    /// Appends one outcome. An open request takes outcomes too: a client that gave up early may judge before its
    /// request's end is written, and what it says would otherwise be lost.
    private mutating func append(_ outcome: OutcomeRecord, at time: Timestamp, _ db: Database) throws
        -> OutcomeReceipt
    {
        let arm = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT arm FROM request WHERE id = ? AND tail = ?"),
            arguments: [outcome.request.key, outcome.request.tail]
        )
        guard let arm, let names = dictionaries.namesOfArm[arm] else { return .unknownRequest }
        let metricKey = Dictionaries.MetricKey(version: names.version, name: outcome.metric)
        guard let metric = dictionaries.metrics[metricKey] else { return .unknownMetric }
        guard outcome.value.isFinite, !metric.isBinary || outcome.value == 0 || outcome.value == 1 else {
            return .invalidValue
        }
        let key = outcome.idempotencyKey.map(BatchWriter.digest)
        var count = 0
        let earlier = try Row.fetchCursor(
            db.cachedStatement(sql: "SELECT metric, value, idempotency_key FROM outcome WHERE request = ?"),
            arguments: [outcome.request.key]
        )
        while let row = try earlier.next() {
            count += 1
            guard let key, row[2] as Int64? == key else { continue }
            return row[0] as Int64 == metric.id && row[1] as Double == outcome.value ? .duplicate : .conflict
        }
        guard count < outcomeLimit else { return .tooMany }
        let insert = try db.cachedStatement(sql: "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)")
        try insert.execute(arguments: [
            outcome.request.key, count, metric.id, outcome.value, outcome.source.code, key,
            time.millisecondsSinceEpoch,
        ])
        acceptedOutcomes.append((names.key, outcome.metric, outcome.value))
        return .accepted
    }

    /// FNV-1a over 64 bits. Keys are compared only within one request, of which each may have a few dozen, so a
    /// key's digest does as well as the key and takes a fraction of its room.
    private static func digest(_ key: String) -> Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in key.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int64(bitPattern: hash)
    }
}
