extension PolicyWatcher {
    /// A change of the folder that has been thought through and not been made yet.
    private struct Step {
        let document: String
        /// Nil where the document is new.
        let old: [UInt8]?
        /// Nil where it goes.
        let new: [UInt8]?
        /// What the folder holds then.
        let files: [PolicyFile]
        let set: PolicySet
        let edited: PolicyEdited
    }

    /// Changes one document in the folder, and returns once that is on record and in force.
    ///
    /// It is made between two looks, as one more edit in their order. A file whose own edit is not in force yet is not
    /// written over.
    public func edit(_ edit: PolicyEdit) async throws(PolicyEditRefusal) -> PolicyEdited {
        try await turnstile.pass { () async throws(PolicyEditRefusal) in
            guard let step = try self.step(edit) else {
                let version = self.documents.policy(named: edit.policy)?.version
                return PolicyEdited(before: version, after: version)
            }
            try self.write(step)
            if let problem = await self.prepare(step.set, edit.author) {
                self.putBack(step, because: problem)
                throw .unrecorded(problem)
            }
            self.settle(on: step.files)
            self.bringIntoForce(step.set)
            return step.edited
        }
    }

    /// What would be said of the folder if it held this document, in the place of the one with its name.
    public func verdict(on document: [UInt8]) -> PolicyVerdict {
        do throws(PolicyProblems) {
            let onDisk = try read().get()
            let id = try PolicyDocument(PolicyFile(name: "document", bytes: document)).id
            let old = id.flatMap { documents.file(of: $0) }
            let file = PolicyFile(name: old?.name ?? newName(id ?? "document"), bytes: document)
            let set = try set(onDisk, replacing: old, with: file, of: id)
            return PolicyVerdict(problems: [], warnings: set.warnings)
        } catch {
            return PolicyVerdict(problems: error.problems, warnings: [])
        }
    }

    /// What an edit comes to; nil where the folder is so already.
    private func step(_ edit: PolicyEdit) throws(PolicyEditRefusal) -> Step? {
        let loaded = documents
        let present = loaded.policy(named: edit.policy)?.version
        try edit.checkCondition(present)
        let old = loaded.file(of: edit.policy)
        let name = old?.name ?? newName(edit.policy)
        let new = edit.change.document(name)
        if old == new { return nil }
        let onDisk = try valid { () throws(PolicyProblems) in try self.read().get() }
        let unsettled = Set(onDisk).symmetricDifference(loaded.files)
        if let one = unsettled.first(where: { $0.name == name }) { throw .unsettled([one.shortName]) }
        let set = try valid { () throws(PolicyProblems) in
            try self.set(onDisk, replacing: old, with: new, of: edit.policy)
        }
        guard unsettled.isEmpty else { throw .unsettled(Set(unsettled.map(\.shortName)).sorted()) }
        guard old != nil || PolicyFolder(path: folder).takesMore else {
            let file = PolicyFile(name: folder, bytes: []).shortName
            throw .unwritable(file: file, reason: "it is one document, which leaves no room for another")
        }
        return Step(
            document: name,
            old: old?.bytes,
            new: new?.bytes,
            files: files(onDisk, replacing: old, with: new),
            set: set,
            edited: PolicyEdited(before: present, after: set.policy(named: edit.policy)?.version)
        )
    }

    private func valid<Value>(
        _ body: () throws(PolicyProblems) -> Value
    ) throws(PolicyEditRefusal) -> Value {
        do { return try body() } catch { throw .invalid(error) }
    }

    private func newName(_ id: PolicyID) -> String { PolicyFolder(path: folder).path(of: "\(id).yaml") }

    private func files(
        _ onDisk: [PolicyFile],
        replacing old: PolicyFile?,
        with new: PolicyFile?
    ) -> [PolicyFile] {
        (onDisk.filter { $0.name != old?.name } + (new.map { [$0] } ?? [])).sorted { $0.name < $1.name }
    }

    /// What the folder would be, checked by the code that loads it.
    private func set(
        _ onDisk: [PolicyFile],
        replacing old: PolicyFile?,
        with new: PolicyFile?,
        of id: PolicyID?
    ) throws(PolicyProblems) -> PolicySet {
        var problems: [PolicyProblem] = []
        if let new, let id { problems += misnamed(new, id) }
        if let new, old == nil, onDisk.contains(where: { $0.name == new.name }) {
            let message = "the file holds another policy, and the new one would have its name"
            let fix = "rename that file, or give this policy another name"
            problems.append(PolicyProblem(file: new.name, path: "policy", message: message, fix: fix))
        }
        do {
            let set = try checked(files(onDisk, replacing: old, with: new), knowing: documents)
            if problems.isEmpty { return set }
        } catch {
            problems += error.problems
        }
        throw PolicyProblems(problems)
    }

    private func misnamed(_ file: PolicyFile, _ id: PolicyID) -> [PolicyProblem] {
        guard let name = (try? PolicyDocument(file))?.id, name != id else { return [] }
        let message = "the document is that of policy \(name), and the request is about \(id)"
        let fix = "write policy: \(id), or send the document to where \(name) is"
        return [PolicyProblem(file: file.name, path: "policy", message: message, fix: fix)]
    }

    private func write(_ step: Step) throws(PolicyEditRefusal) {
        do {
            try PolicyFolder.change(step.document, from: step.old, to: step.new)
        } catch {
            let file = PolicyFile(name: step.document, bytes: []).shortName
            switch error {
            case .stale: throw .unsettled([file])
            case .failed(let reason): throw .unwritable(file: file, reason: reason)
            }
        }
    }

    /// What can't be recorded must not come into force with the next start either.
    private func putBack(_ step: Step, because problem: PolicyProblem) {
        do {
            try PolicyFolder.change(step.document, from: step.new, to: step.old)
        } catch {
            settle(on: step.files, isPending: true)
            onReload(.refused(PolicyProblems([problem])))
        }
    }
}

extension PolicyEdit {
    fileprivate func checkCondition(_ present: PolicyVersion?) throws(PolicyEditRefusal) {
        if change == .remove, present == nil { throw .noSuchPolicy }
        guard let condition else { throw .unconditional(present: present) }
        guard condition.holds(present) else { throw .conditionFailed(present: present) }
    }
}

extension PolicyEdit.Change {
    /// The file that there is to be; nil for none.
    fileprivate func document(_ name: String) -> PolicyFile? {
        switch self {
        case .write(let bytes): PolicyFile(name: name, bytes: bytes)
        case .remove: nil
        }
    }
}
