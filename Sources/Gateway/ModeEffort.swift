public import ModelExecutor
public import Policy

extension Effort {
    /// What the executor is told of a policy's mode.
    ///
    /// - Parameter isAudit: whether pruning only notes whom it would have cut.
    public init(_ mode: Mode, isAudit: Bool = false) {
        self.init(
            k: mode.k,
            selection: Selection(mode.select),
            pruning: mode.prune.map {
                Pruning(keep: $0.keep, afterSteps: $0.afterSteps, isAudit: isAudit)
            },
            escalation: mode.adaptive.map { Escalation(stages: $0.stages, confidence: $0.confidence) },
            search: Search(mode.search),
            tokenBudget: mode.tokenBudget
        )
    }
}

extension Selection {
    init(_ rule: SelectionRule) {
        switch rule {
        case .bestScore: self = .bestScore
        case .weightedVote: self = .weightedVote
        case .majority: self = .majority
        case .likelihood: self = .likelihood
        case .first: self = .first
        }
    }
}

extension Search {
    init(_ rule: SearchRule?) {
        switch rule {
        case nil: self = .bestOf
        case .beam(let width, let steps): self = .beam(Beam(width: width, everySteps: steps))
        case .mcts(let exploration, let parallel):
            self = .mcts(TreeSearch(exploration: exploration, parallel: parallel))
        }
    }
}

extension Tier {
    init(_ tier: Limits.Tier) {
        switch tier {
        case .flex: self = .flex
        case .standard: self = .standard
        case .priority: self = .priority
        }
    }
}
