/// How sure a vote is: the probability that the leading answer is the one that the model gives most often.
///
/// With v votes for the leader and w for the runner-up, and nothing known before, the leader's share among the two is
/// distributed as Beta(v + 1, w + 1); this is the probability that it is above one half. The stopping rule of
/// adaptive consistency (Aggarwal et al., "Let's Sample Step by Step", 2023). It says nothing of whether the model's
/// favourite is right.
enum Agreement {
    static func confidence(leader v: Int, runnerUp w: Int) -> Double {
        precondition(v >= w && w >= 0, "\(v) votes lead \(w)")
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
    static func confidence(in votes: some Sequence<AnswerKey>) -> Double? {
        var counts: [AnswerKey: Int] = [:]
        for vote in votes { counts[vote, default: 0] += 1 }
        let ranked = counts.values.sorted(by: >)
        guard let leader = ranked.first else { return nil }
        return confidence(leader: leader, runnerUp: ranked.dropFirst().first ?? 0)
    }
}
