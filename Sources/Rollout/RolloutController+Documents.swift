internal import Policy
internal import Store

extension RolloutController {
    func adopt(
        _ documents: PolicySet,
        by author: PolicyAuthor,
        _ desk: inout RolloutDesk
    ) async -> PolicyProblem? {
        let adoption = desk.adopting(documents, replacing: desk.documents.policies, now: seconds)
        let edits = DocumentEdit.edits(from: desk.documents, to: documents).map { $0.audit(by: author) }
        do {
            try await commit(adoption, edits, by: author, &desk)
            return nil
        } catch {
            return PolicyProblem(
                file: "policies",
                message: "the new versions can't be recorded: \(error)",
                fix: "mend the record, then send SIGHUP"
            )
        }
    }

    func commit(
        _ adoption: Adoption,
        _ edits: [AuditRecord],
        by author: PolicyAuthor,
        _ desk: inout RolloutDesk
    ) async throws(StoreError) {
        let (next, moves) = (adoption.desk, adoption.moves)
        try await commit(next, moves, kept: adoption.kept, edits: edits, by: author.actor, &desk)
    }
}
