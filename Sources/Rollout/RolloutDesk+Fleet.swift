internal import Policy
internal import Store

/// What one gateway and its fleet have to tell each other.
struct FleetExchange {
    /// Own states that the fleet takes over.
    var told: [FleetMove] = []
    /// The desk with the fleet's states taken over, and how it got there.
    var desk: RolloutDesk
    var moves: [RolloutMove] = []
}

extension RolloutDesk {
    /// Compares each rollout with the fleet's. The fleet's word holds, with two exceptions: a rollback that it hasn't
    /// heard of yet, and what the controller alone can know, a rollout that is new or whose document was edited.
    ///
    /// A state of another document than the one here is left alone until the documents agree: its stages may mean
    /// other shares.
    func exchanging(with fleet: [RolloutRecord], of controller: String) -> FleetExchange {
        var exchange = FleetExchange(desk: self)
        let controls = role.term != nil
        for document in documents.policies where document.rollout != nil {
            let state = state(of: document.id)
            let own = RolloutRecord(policy: document.id, state, document: document.version)
            guard let found = fleet.first(where: { $0.policy == document.id }) else {
                if controls { exchange.told.append(FleetMove(from: nil, to: own)) }
                continue
            }
            let theirs = RolloutState(found)
            if state.isRollback(after: theirs) {
                exchange.told.append(FleetMove(from: found, to: own))
            } else if theirs != state, found.document == document.version {
                exchange.desk.states[document.id] = theirs
                exchange.moves.append(
                    RolloutMove(document, from: state, to: theirs, because: "as \(controller) has it")
                )
            } else if found != own, controls {
                exchange.told.append(FleetMove(from: found, to: own))
            }
        }
        return exchange
    }
}

extension RolloutState {
    fileprivate func isRollback(after other: RolloutState) -> Bool {
        if case .rolledBack = phase { since > other.since } else { false }
    }
}

extension RolloutMove {
    /// An edit after a rollback is none.
    var isRollback: Bool {
        if case .rolledBack = to.phase { from != to } else { false }
    }

    /// A step between states of one document.
    init(_ document: SplitPolicy, from: RolloutState, to: RolloutState, because reason: String) {
        self.init(
            before: document.inForce(from),
            after: document.inForce(to),
            document: document,
            from: from,
            to: to,
            reason: reason
        )
    }

    /// This step as the fleet is told of it.
    var shared: FleetMove {
        FleetMove(from: RolloutRecord(policy: document.id, from, document: document.version), to: record)
    }
}
