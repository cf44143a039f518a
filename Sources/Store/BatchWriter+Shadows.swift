internal import GRDB

extension BatchWriter {
    /// Shadows are in rows of their own, and in no tally: what nobody asked for can't be counted as asked.
    mutating func open(_ shadow: ShadowOpening, _ db: Database) throws -> CommitReply {
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO shadow (request, mode, state) SELECT id, ?, ? FROM request WHERE id = ? AND tail = ?
                ON CONFLICT (request) DO NOTHING
                """
        )
        try insert.execute(arguments: [
            dictionaries.mode(shadow.mode, db), TerminalState.openCode, shadow.request.key,
            shadow.request.tail,
        ])
        return db.changesCount == 1 ? .success([]) : .failure(.shadowRefused(shadow.request))
    }

    mutating func close(_ shadow: ShadowCompletion, _ db: Database) throws -> CommitReply {
        let update = try db.cachedStatement(
            sql: """
                UPDATE shadow SET
                    state = ?, cause = ?, latency_us = ?, queued_us = ?, prompt_tokens = ?, cached_tokens = ?,
                    candidate_tokens = ?, answer_tokens = ?, reasoning_tokens = ?, scored_steps = ?, cpu_us = ?,
                    score = ?, agrees = ?
                WHERE request = ? AND state = ?
                """
        )
        let compute = shadow.compute
        try update.execute(arguments: [
            shadow.state.code, shadow.cause?.code, shadow.latency.microseconds, shadow.queued.microseconds,
            compute.promptTokens, compute.cachedTokens, compute.candidateTokens, compute.answerTokens,
            compute.reasoningTokens, compute.scoredSteps, compute.cpu.microseconds, shadow.score,
            shadow.agrees, shadow.request.key, TerminalState.openCode,
        ])
        return db.changesCount == 1 ? .success([]) : .failure(.noOpenShadow(shadow.request))
    }
}
