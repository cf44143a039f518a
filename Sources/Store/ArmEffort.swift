/// What the efforts of one arm's requests came to, summed; excluded requests are in none of it.
public struct ArmEffort: Sendable, Hashable {
    /// Ended requests of which candidates are recorded.
    public var withCandidates = 0
    /// Candidates that were started, and how many of them the pruning cut.
    public var candidates = 0
    public var pruned = 0
    /// Requests in which the pruning only marked what it would have cut, if it marked any, and those of them in which
    /// that was the winner.
    public var audited = 0
    public var winnerCut = 0
    public var stopped: [RecordedStop: Int] = [:]
    /// Over the requests of which both are known.
    public var promptTokens = 0
    public var cachedTokens = 0
    /// By the size of the subset, 2 or 8.
    public var nested: [Int: NestedSums] = [:]

    public init() {}
}

/// Picks among fewer candidates, summed over the requests that can tell of them.
///
/// Requests that were served in another mode than their arm's are left out.
public struct NestedSums: Sendable, Hashable {
    public var requests = 0
    /// The score expected of the pick among so few.
    public var expectedScore = 0.0
    /// The score of the pick that was made among all.
    public var pickScore = 0.0
    /// The probability that both give the same answer.
    public var sameAnswer = 0.0

    public init() {}
}

extension ArmEffort {
    /// What a summary has to know of a packed row of candidates.
    struct CandidateTallies {
        var count = 0
        var pruned = 0
        var isAudited = false
        var isWinnerCut = false
        var winnerScore: Double?

        /// Nil for bytes that can't be read.
        init?(_ packed: [UInt8], winner: Int?) {
            var tallies = (count: 0, pruned: 0, isAudited: false, isWinnerCut: false, score: Double?.none)
            let isRead = CandidateCoding.visit(packed) { entry in
                let candidate = entry.candidate
                if candidate.end == .pruned {
                    tallies.pruned += 1
                } else if candidate.cutAtStep != nil {
                    tallies.isAudited = true
                }
                if tallies.count == winner {
                    tallies.isWinnerCut = candidate.cutAtStep != nil
                    tallies.score = candidate.score
                }
                tallies.count += 1
            }
            guard isRead else { return nil }
            (count, pruned, isAudited) = (tallies.count, tallies.pruned, tallies.isAudited)
            (isWinnerCut, winnerScore) = (tallies.isWinnerCut, tallies.score)
        }
    }

    mutating func add(_ tallies: CandidateTallies) {
        withCandidates += 1
        candidates += tallies.count
        pruned += tallies.pruned
        guard tallies.isAudited else { return }
        audited += 1
        if tallies.isWinnerCut { winnerCut += 1 }
    }

    mutating func add(_ picks: NestedPicks, pickScore: Double) {
        nested[2, default: NestedSums()].add(picks.two, pickScore: pickScore)
        if let eight = picks.eight { nested[8, default: NestedSums()].add(eight, pickScore: pickScore) }
    }
}

extension NestedSums {
    fileprivate mutating func add(_ pick: NestedPicks.Pick, pickScore: Double) {
        requests += 1
        expectedScore += pick.expectedScore
        self.pickScore += pickScore
        sameAnswer += pick.sameAnswer
    }
}
