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
    var acceptedOutcomes: [AcceptedOutcome] = []
    let outcomeLimit: Int
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
            case .openShadow(let shadow): replies[index] = try open(shadow, db)
            case .closeShadow(let shadow): replies[index] = try close(shadow, db)
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
            assignment.attempt?.key, assignment.attempt?.first?.key,
        ])
        guard db.changesCount == 1 else { return .failure(.duplicateRequest(assignment.id)) }
        assigned += 1
        if let completion {
            ended += 1
            try appendDetails(of: completion, db)
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
        try appendDetails(of: completion, db)
        return .success([])
    }

    private static let insertRequest = """
        INSERT INTO request (
            id, tail, arm, assigned_mode, served_mode, subject, excluded, state, cause, latency_us,
            first_token_us, queued_us, prompt_tokens, candidate_tokens, answer_tokens, reasoning_tokens,
            scored_steps, cpu_us, winner, cached_tokens, stopped_by, confidence, nested,
            idempotency_key, retry_of
        ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
