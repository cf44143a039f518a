public import Policy
internal import Stats

/// Moves one rollout from state to state.
///
/// A value: time comes in with each event, and what a state means for the traffic is for others to carry out. Every
/// state answers every event, be it with a refusal.
///
/// Shares only ever rise from stage to stage, so a subject that has the arm keeps it until the rollout ends or is
/// rolled back. A stage without enough data waits, however long; only proof of harm moves it back.
public struct RolloutMachine: Sendable {
    private let rule: RolloutRule

    public init(_ rule: RolloutRule) {
        self.rule = rule
    }

    /// - Parameter now: seconds since 1970.
    public func step(_ state: RolloutState, _ event: RolloutEvent, now: Int) throws(RolloutRefusal)
        -> RolloutStep
    {
        switch event {
        case .started: try start(state, now)
        case .paused: try pause(state, now)
        case .resumed: try resume(state, now)
        case .promoted: try promote(state, now)
        case .rolledBack: try rollBack(state, now)
        case .evidenceGathered(let evidence): judge(state, evidence, now)
        case .documentChanged(let old, let new): follow(state, from: old, to: new, now)
        }
    }

    private func start(_ state: RolloutState, _ now: Int) throws(RolloutRefusal) -> RolloutStep {
        switch state.phase {
        case .idle, .rolledBack:
            return enter(.stage(0), now, because: "started by an operator")
        case .stage, .paused:
            throw RolloutRefusal(description: "the rollout runs already; promote, pause or roll it back")
        case .done:
            throw RolloutRefusal(description: "the rollout is done; give the document new stages to go on")
        }
    }

    private func pause(_ state: RolloutState, _ now: Int) throws(RolloutRefusal) -> RolloutStep {
        switch state.phase {
        case .stage(let number): return enter(.paused(number), now, because: "paused by an operator")
        case .paused: throw RolloutRefusal(description: "the rollout is paused already")
        case .idle, .done, .rolledBack: throw notRunning(state)
        }
    }

    private func resume(_ state: RolloutState, _ now: Int) throws(RolloutRefusal) -> RolloutStep {
        switch state.phase {
        case .paused(let number): return enter(.stage(number), now, because: "resumed by an operator")
        case .stage: throw RolloutRefusal(description: "the rollout is not paused")
        case .idle, .done, .rolledBack: throw notRunning(state)
        }
    }

    private func promote(_ state: RolloutState, _ now: Int) throws(RolloutRefusal) -> RolloutStep {
        switch state.phase {
        case .stage(let number), .paused(let number):
            return enter(next(after: number), now, because: "promoted by an operator")
        case .idle, .done, .rolledBack: throw notRunning(state)
        }
    }

    private func rollBack(_ state: RolloutState, _ now: Int) throws(RolloutRefusal) -> RolloutStep {
        switch state.phase {
        case .stage(let number), .paused(let number):
            return enter(.rolledBack(number), now, because: "rolled back by an operator")
        case .done:
            return enter(.rolledBack(rule.stages.count - 1), now, because: "rolled back by an operator")
        case .rolledBack: throw RolloutRefusal(description: "the rollout is rolled back already")
        case .idle: throw notRunning(state)
        }
    }

    private func notRunning(_ state: RolloutState) -> RolloutRefusal {
        switch state.phase {
        case .done: RolloutRefusal(description: "the rollout is done")
        case .rolledBack: RolloutRefusal(description: "the rollout is rolled back; start it to try again")
        case .idle, .stage, .paused: RolloutRefusal(description: "the rollout does not run; start it first")
        }
    }

    private func judge(_ state: RolloutState, _ evidence: StageEvidence, _ now: Int) -> RolloutStep {
        switch state.phase {
        case .idle: .waits("not started")
        case .done: .waits("done")
        case .rolledBack: .waits("rolled back")
        case .paused(let number):
            harm(number, evidence, now, isPaused: true) ?? .waits("paused")
        case .stage(let number):
            harm(number, evidence, now, isPaused: false) ?? progress(state, number, evidence, now)
        }
    }

    /// What proof of harm leads to; nil without it.
    private func harm(_ number: Int, _ evidence: StageEvidence, _ now: Int, isPaused: Bool) -> RolloutStep? {
        guard let reason = evidence.harm else { return nil }
        switch rule.onNoGo {
        case .rollback: return enter(.rolledBack(number), now, because: reason)
        case .pause: return isPaused ? nil : enter(.paused(number), now, because: reason)
        }
    }

    private func progress(
        _ state: RolloutState,
        _ number: Int,
        _ evidence: StageEvidence,
        _ now: Int
    ) -> RolloutStep {
        let missing = Int(rule.hold.time / .seconds(1)) - (now - state.since)
        if missing > 0 { return .waits("\(missing) s of the stage's time are left") }
        if evidence.subjects < rule.hold.subjects {
            return .waits("\(evidence.subjects) of \(rule.hold.subjects) subjects so far")
        }
        if !evidence.isSound { return .waits("the data is not sound: " + evidence.words) }
        if needsGo(number), evidence.decision != .go { return .waits("no go yet: " + evidence.words) }
        if rule.advance == .manual { return .waits("ready; promote it by hand") }
        if rule.isFrozen(atUnixSeconds: now) {
            return .waits("ready; nothing advances in this time of the week")
        }
        return enter(next(after: number), now, because: evidence.words)
    }

    /// Whether what comes next takes proof that the arm is good, and not only the absence of harm.
    ///
    /// That is the step into the last stage, where control may have nothing left to compare with; a rollout of one
    /// stage has no other step than its end.
    private func needsGo(_ number: Int) -> Bool {
        number == max(0, rule.stages.count - 2)
    }

    private func next(after number: Int) -> RolloutState.Phase {
        number + 1 < rule.stages.count ? .stage(number + 1) : .done
    }

    /// A document that keeps arms, shares and the rolled-out arm keeps the rollout; its evidence begins anew. Any
    /// other is an operator's own hand, and what it says holds.
    private func follow(_ state: RolloutState, from old: SplitPolicy, to new: SplitPolicy?, _ now: Int)
        -> RolloutStep
    {
        if state.phase == .idle { return .waits("not started") }
        guard let new, let rollout = new.rollout, rollout.arm == rule.arm,
            old.arms.map({ [$0.id.rawValue, $0.share.description] })
                == new.arms.map({ [$0.id.rawValue, $0.share.description] })
        else { return enter(.idle, now, because: "the document was changed by hand") }
        switch state.phase {
        case .stage(let number):
            return enter(.stage(stage(number, in: rollout)), now, because: "the document changed")
        case .paused(let number):
            return enter(.paused(stage(number, in: rollout)), now, because: "the document changed")
        case .idle, .done, .rolledBack: return .moves(state, because: "the document changed")
        }
    }

    /// The stage of the new rule that gives the arm no less than it has.
    private func stage(_ number: Int, in new: RolloutRule) -> Int {
        let share = rule.stages[min(number, rule.stages.count - 1)]
        return new.stages.firstIndex { $0 >= share } ?? new.stages.count - 1
    }

    private func enter(_ phase: RolloutState.Phase, _ now: Int, because reason: String) -> RolloutStep {
        .moves(RolloutState(phase: phase, since: now), because: reason)
    }
}

extension StageEvidence {
    fileprivate var words: String {
        reasons.isEmpty ? "nothing speaks against it" : reasons.joined(separator: "; ")
    }

    fileprivate var harm: String? {
        if let spike { return spike }
        return decision == .noGo ? words : nil
    }
}
