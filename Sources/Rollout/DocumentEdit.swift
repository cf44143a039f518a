internal import Policy
internal import Store

/// One document's change from version to version.
struct DocumentEdit {
    let policy: PolicyID
    /// Nil where there was no document.
    let before: PolicyVersion?
    /// Nil where there is none any more.
    let after: PolicyVersion?

    /// What is another document in the new folder, in order of the names.
    static func edits(from old: PolicySet, to new: PolicySet) -> [DocumentEdit] {
        let rewritten = old.policies.map(\.id).filter { old.file(of: $0)?.bytes != new.file(of: $0)?.bytes }
        return edits(from: old.versions, to: new, rewritten: Set(rewritten))
    }

    /// - Parameter rewritten: documents that are written differently, whatever their versions.
    static func edits(
        from old: [PolicyID: PolicyVersion],
        to new: PolicySet,
        rewritten: Set<PolicyID> = []
    ) -> [DocumentEdit] {
        let new = new.versions
        return Set(old.keys).union(new.keys).sorted().compactMap { id in
            old[id] == new[id] && !rewritten.contains(id)
                ? nil : DocumentEdit(policy: id, before: old[id], after: new[id])
        }
    }

    func audit(by author: PolicyAuthor) -> AuditRecord {
        audit(by: author.actor, because: author.reason ?? deed)
    }

    /// Of an edit that was made while no gateway ran on this record.
    var auditAtStart: AuditRecord {
        audit(
            by: PolicyAuthor.file.actor,
            because: before == nil ? "found at start" : deed + " while nobody served"
        )
    }

    private var deed: String {
        switch (before, after) {
        case (nil, _): "added"
        case (_, nil): "removed"
        case (let before, let after): before == after ? "edited without effect" : "edited"
        }
    }

    private func audit(by actor: String, because reason: String) -> AuditRecord {
        AuditRecord(
            actor: actor,
            action: AuditRecord.policyAction,
            policy: policy,
            before: before?.rawValue ?? AuditRecord.none,
            after: after?.rawValue ?? AuditRecord.gone,
            reason: reason
        )
    }
}

extension PolicySet {
    fileprivate var versions: [PolicyID: PolicyVersion] {
        Dictionary(uniqueKeysWithValues: policies.map { ($0.id, $0.version) })
    }
}
