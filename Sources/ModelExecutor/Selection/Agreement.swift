/// How sure a vote is: the probability that the picked answer is the one that the model gives most often.
///
/// With v votes for it and w for its strongest rival, and nothing known before, its share among the two is
/// distributed as Beta(v + 1, w + 1); this is the probability that it is above one half. The stopping rule of
/// adaptive consistency (Aggarwal et al., "Let's Sample Step by Step", 2023). It says nothing of whether the model's
/// favourite is right.
enum Agreement {
    static func confidence(pick v: Int, rival w: Int) -> Double {
        precondition(v >= 0 && w >= 0, "\(v) votes against \(w)")
        // For whole numbers the incomplete beta function at one half is a tail of the binomial distribution.
        let trials = v + w + 1
        var term = 1.0
        for _ in 0..<trials { term /= 2 }
        var sum = 0.0
        for successes in 0...v {
            sum += term
            term *= Double(trials - successes) / Double(successes + 1)
        }
        return min(1, sum)
    }

    /// Nil while nobody has voted.
    ///
    /// A vote by weight may pick what fewer gave; it is then less than one half sure.
    static func confidence(in pick: AnswerKey?, among votes: [AnswerKey]) -> Double? {
        guard !votes.isEmpty else { return nil }
        var counts: [AnswerKey: Int] = [:]
        for vote in votes { counts[vote, default: 0] += 1 }
        let own = pick.flatMap { counts.removeValue(forKey: $0) } ?? 0
        return confidence(pick: own, rival: counts.values.max() ?? 0)
    }
}
