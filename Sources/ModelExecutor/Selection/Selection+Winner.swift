/// What a selection rule looks at in one finished candidate.
public struct Standing: Sendable, Hashable {
    public var index: Int
    /// Truncated candidates rank after complete ones under every rule but `first`. The reference lets a
    /// truncated trace win; a trace that never came to an end has no answer to give, so here it wins only when
    /// no other is left.
    public var isComplete: Bool
    /// Nil without a head; counts as 0.
    public var score: Double?
    public var logProbability: Double
    /// Nil when the candidate gave no complete answer to vote with.
    public var vote: AnswerKey?

    public init(index: Int, isComplete: Bool, score: Double?, logProbability: Double, vote: AnswerKey?) {
        self.index = index
        self.isComplete = isComplete
        self.score = score
        self.logProbability = logProbability
        self.vote = vote
    }
}

extension Selection {
    /// The index of the picked candidate; the lowest index wins every tie. Nil only for no candidates.
    public func winner(among standings: [Standing]) -> Int? {
        switch self {
        case .bestScore, .likelihood, .first: leader(of: standings)
        case .majority, .weightedVote: elected(among: standings)
        }
    }

    /// Whether `one` beats `other` under a rule that compares candidates one by one.
    ///
    /// `likelihood` takes the sum of log-probabilities, not the mean: the sum is the probability of the trace
    /// and is what proved a hard baseline to beat, while a mean rewards padding with sure tokens.
    func prefers(_ one: Standing, over other: Standing) -> Bool {
        if self == .first { return one.index < other.index }
        if one.isComplete != other.isComplete { return one.isComplete }
        let (mine, theirs) =
            self == .likelihood
            ? (one.logProbability, other.logProbability) : (one.score ?? 0, other.score ?? 0)
        return mine == theirs ? one.index < other.index : mine > theirs
    }

    private func leader(of standings: [Standing]) -> Int? {
        guard var best = standings.first else { return nil }
        for standing in standings.dropFirst() where prefers(standing, over: best) { best = standing }
        return best.index
    }

    /// The vote; where no two answers agree there is nothing to count, and the best score decides.
    private func elected(among standings: [Standing]) -> Int? {
        var groups: [AnswerKey: [Standing]] = [:]
        for standing in standings.sorted(by: { $0.index < $1.index }) {
            if let vote = standing.vote { groups[vote, default: []].append(standing) }
        }
        guard groups.values.contains(where: { $0.count > 1 }) else {
            let voters = standings.filter { $0.vote != nil }
            return Selection.bestScore.leader(of: voters.isEmpty ? standings : voters)
        }
        let tallies = groups.values.map { group in
            let weight =
                self == .majority
                ? Double(group.count) : group.reduce(0) { $0 + ($1.score ?? 0) }
            return (weight: weight, first: group.first?.index ?? .max, group: group)
        }
        let chosen = tallies.max { a, b in a.weight == b.weight ? a.first > b.first : a.weight < b.weight }
        guard let chosen else { return nil }
        // All members gave the same answer; show the thinking that scored best.
        return Selection.bestScore.leader(of: chosen.group)
    }
}
