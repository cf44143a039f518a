/// How the answer is picked among the candidates of a request.
public enum Selection: String, Sendable, Hashable, CaseIterable {
    /// The candidate with the highest geometric mean of its step scores.
    case bestScore = "best_score"
    /// The answer whose candidates' scores add up highest.
    case weightedVote = "weighted_vote"
    /// The answer that most candidates gave.
    case majority
    /// The candidate with the highest sum of log-probabilities.
    case likelihood
    /// Candidate 0, whatever the others did: the baseline.
    case first

    /// Whether the rule cannot work without a score head.
    public var needsScores: Bool { self == .bestScore || self == .weightedVote }

    /// Whether the rule compares answers, so that every candidate must give one.
    public var needsAnswers: Bool { self == .weightedVote || self == .majority }
}

/// The thinking effort of one request: how many candidates, how they come about, and how one is picked.
public struct Effort: Sendable, Hashable {
    /// The most candidates a request may ask for: twice the largest count that the method was measured with.
    public static let maximumK = 64

    public var k: Int
    public var selection: Selection
    /// Nil lets every candidate think to its end.
    public var pruning: Pruning?
    /// Nil runs all k candidates.
    public var escalation: Escalation?
    public var search: Search
    /// No candidate is started, after the first, that would likely bring the tokens of all past this; nil: no limit.
    public var tokenBudget: Int?

    public init(
        k: Int,
        selection: Selection,
        pruning: Pruning? = nil,
        escalation: Escalation? = nil,
        search: Search = .bestOf,
        tokenBudget: Int? = nil
    ) {
        self.k = k
        self.selection = selection
        self.pruning = pruning
        self.escalation = escalation
        self.search = search
        self.tokenBudget = tokenBudget
    }

    /// Whether step scores are needed, for the selection or on the way to it.
    public var needsScores: Bool { scored != nil }

    /// What it is that needs step scores; nil where nothing does.
    var scored: String? {
        if selection.needsScores { return "selection \(selection.rawValue)" }
        if pruning != nil { return "pruning" }
        switch search {
        case .bestOf: return nil
        case .beam: return "beam search"
        case .mcts: return "tree search"
        }
    }

    /// Whether the head must say what its scores are worth.
    public var needsCalibration: Bool { escalation != nil && selection == .bestScore }

    func validate() throws(ExecutorError) {
        guard (1...Self.maximumK).contains(k) else {
            throw .invalidRequest("k is \(k); choose 1 to \(Self.maximumK)")
        }
        try pruning?.validate()
        try escalation?.validate(k: k)
        if escalation != nil, selection == .likelihood || selection == .first {
            throw .invalidRequest(
                "selection \(selection.rawValue) never tells when enough candidates have run"
            )
        }
        switch search {
        case .bestOf: break
        case .beam(let beam): try beam.validate(k: k)
        case .mcts(let search): try search.validate(k: k)
        }
        if search != .bestOf, pruning != nil || escalation != nil {
            throw .invalidRequest("a search replaces candidates by itself; leave pruning and stages out")
        }
        guard (1...GenerationRequest.maximumTokens).contains(tokenBudget ?? 1) else {
            throw .invalidRequest("the token budget is \(tokenBudget ?? 0); choose at least 1")
        }
    }
}
