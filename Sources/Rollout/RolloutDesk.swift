internal import Policy
public import Store

/// The documents of the folder and where their rollouts stand: a value from which what is in force follows.
struct RolloutDesk {
    private(set) var documents: PolicySet
    var states: [PolicyID: RolloutState]
    /// Whether this gateway may move them.
    var role = FleetRole.alone

    /// Each document with the share that its rollout has come to.
    var inForce: PolicySet { documents.mapping { $0.inForce(states[$0.id]) } }

    /// What the record keeps of it: each document as it was written, and what rollouts make of them.
    var records: [PolicyRecord] {
        documents.policies.flatMap { document in
            let written = document.record(original: documents.file(of: document.id)?.text)
            let inForce = document.inForce(states[document.id])
            return inForce.version == document.version ? [written] : [written, inForce.record()]
        }
    }

    func state(of policy: PolicyID) -> RolloutState {
        states[policy] ?? RolloutState(phase: .idle, since: 0)
    }

    /// Takes other documents over, and with each rollout what the edit means for it.
    ///
    /// - Parameter old: the documents as they were, as far as they are known.
    func adopting(_ new: PolicySet, replacing old: [SplitPolicy], now: Int) -> Adoption {
        var adoption = Adoption(desk: self)
        adoption.desk.documents = new
        for old in old {
            let edited = new.policy(named: old.id)
            guard let state = states[old.id], edited?.version != old.version else { continue }
            if let move = move(state, from: old, to: edited, now: now) {
                adoption.desk.states[old.id] = move.to
                adoption.moves.append(move)
            } else if let edited {
                adoption.kept.append(RolloutRecord(policy: old.id, state, document: edited.version))
            }
        }
        return adoption
    }

    /// What an edit does to the document's rollout; nil for nothing.
    private func move(_ state: RolloutState, from old: SplitPolicy, to edited: SplitPolicy?, now: Int)
        -> RolloutMove?
    {
        guard let rule = old.rollout,
            case .moves(let next, let reason)? = try? RolloutMachine(rule).step(
                state,
                .documentChanged(from: old, to: edited),
                now: now
            )
        else { return nil }
        return RolloutMove(
            before: old.inForce(state),
            after: edited?.inForce(next),
            document: edited ?? old,
            from: state,
            to: next,
            reason: reason
        )
    }

    /// What an event does to one rollout; nil with the reason where it has to wait.
    func stepping(
        _ policy: PolicyID,
        _ event: RolloutEvent,
        now: Int
    ) throws(RolloutRefusal) -> (step: RolloutStep, desk: RolloutDesk, move: RolloutMove?) {
        guard let document = documents.policy(named: policy) else {
            throw RolloutRefusal(description: "there is no policy \(policy) in force")
        }
        guard let rule = document.rollout else {
            throw RolloutRefusal(
                description: "policy \(policy) has no rollout section; add one to its document"
            )
        }
        let state = state(of: policy)
        // Clocks of a fleet differ: no step is before the one that it follows, whoever made that.
        let step = try RolloutMachine(rule).step(state, event, now: max(now, state.since))
        guard case .moves(let next, let reason) = step else { return (step, self, nil) }
        var desk = self
        desk.states[policy] = next
        return (step, desk, RolloutMove(document, from: state, to: next, because: reason))
    }
}

/// What other documents make of the desk.
struct Adoption {
    var desk: RolloutDesk
    var moves: [RolloutMove] = []
    /// Rollouts that have not begun, now of the edited document.
    var kept: [RolloutRecord] = []
}

/// One rollout's step from state to state, as it goes on record.
struct RolloutMove {
    let before: SplitPolicy
    /// Nil where the document is gone.
    let after: SplitPolicy?
    let document: SplitPolicy
    let from: RolloutState
    let to: RolloutState
    let reason: String

    var record: RolloutRecord {
        RolloutRecord(policy: document.id, to, document: document.version)
    }

    func audit(by actor: String) -> AuditRecord {
        AuditRecord(
            actor: actor,
            action: AuditRecord.rolloutAction,
            policy: document.id,
            before: "\(from.phase) \(before.version)",
            after: "\(to.phase) \(after.map { "\($0.version)" } ?? AuditRecord.gone)",
            reason: reason
        )
    }
}

extension RolloutRecord {
    init(policy: PolicyID, _ state: RolloutState, document: PolicyVersion) {
        let (phase, stage): (Phase, Int) =
            switch state.phase {
            case .idle: (.idle, 0)
            case .stage(let number): (.stage, number)
            case .paused(let number): (.paused, number)
            case .done: (.done, 0)
            case .rolledBack(let number): (.rolledBack, number)
            }
        self.init(
            policy: policy,
            phase: phase,
            stage: stage,
            since: Timestamp(millisecondsSinceEpoch: Int64(state.since) * 1_000),
            document: document
        )
    }
}

extension RolloutState {
    /// The state that a record speaks of.
    public init(_ record: RolloutRecord) {
        let phase: Phase =
            switch record.phase {
            case .idle: .idle
            case .stage: .stage(record.stage)
            case .paused: .paused(record.stage)
            case .done: .done
            case .rolledBack: .rolledBack(record.stage)
            }
        self.init(phase: phase, since: Int(record.since.millisecondsSinceEpoch / 1_000))
    }
}

extension RolloutState.Phase: CustomStringConvertible {
    /// In the words that commands, audit and log share; stages are counted from 1 there.
    public var description: String {
        switch self {
        case .idle: "idle"
        case .stage(let number): "stage \(number + 1)"
        case .paused(let number): "paused in stage \(number + 1)"
        case .done: "done"
        case .rolledBack(let number): "rolled back from stage \(number + 1)"
        }
    }
}
