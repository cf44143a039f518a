internal import Stats

/// What 2 and 8 of a request's candidates would have come to, as an expectation over all subsets of that size.
///
/// So a request of a high effort also measures lower ones, on the same prompt and without running them. It takes
/// candidates that are alike, so there is none where any was cut, given up or branched off another, where something
/// stopped the thinking, or where the pick isn't the best by score. The ranks are the executor's: complete before
/// truncated, then the higher score, then the lower index.
struct NestedPicks: Sendable, Hashable {
    /// The pick among a random subset.
    struct Pick: Sendable, Hashable {
        var expectedScore: Double
        /// The probability that it is the winner, or one that came to the same as the winner.
        var sameAnswer: Double
    }

    /// Among 2 candidates of more than 2.
    var two: Pick
    /// Among 8 candidates; nil in a request that had no more than that.
    var eight: Pick?

    init?(_ completion: CompletionRecord) {
        let candidates = completion.candidates
        guard completion.stoppedBy == nil, let winner = completion.winner, candidates.count > 2,
            candidates.indices.contains(winner)
        else { return nil }
        var scores: [Double] = []
        for candidate in candidates {
            guard !candidate.isBranch, candidate.end != .pruned, candidate.end != .cancelled,
                let score = candidate.score, (0...1).contains(score)
            else { return nil }
            scores.append(score)
        }
        let ranked = candidates.indices.sorted { one, other in
            if candidates[one].isComplete != candidates[other].isComplete {
                return candidates[one].isComplete
            }
            return scores[one] == scores[other] ? one < other : scores[one] > scores[other]
        }
        guard ranked.first == winner else { return nil }
        let rankedScores = ranked.map { scores[$0] }
        let answer = candidates[winner].answerDigest
        let isSame = ranked.map { index in
            index == winner || (answer != nil && candidates[index].answerDigest == answer)
        }
        func pick(_ size: Int) -> Pick? {
            guard candidates.count > size else { return nil }
            let pick = SubsetPick(of: candidates.count, size: size)
            return Pick(
                expectedScore: pick.mean(of: rankedScores),
                sameAnswer: pick.mean(of: isSame.map { $0 ? 1 : 0 })
            )
        }
        guard let two = pick(2) else { return nil }
        self.two = two
        eight = pick(8)
    }
}

extension NestedPicks {
    /// What `request.nested` holds, from the lowest bits up: the expected score of 2 and the probability that they
    /// give the same answer, then both of 8; 16 bits each, in 65 535ths.
    ///
    /// A probability is at least 2 in 64, so that a field of 0 says that there is no pick of 8.
    var packed: Int64 {
        let fields = [
            two.expectedScore, two.sameAnswer, eight?.expectedScore ?? 0, eight?.sameAnswer ?? 0,
        ]
        var bits: UInt64 = 0
        for field in fields.reversed() { bits = bits << 16 | UInt64((field * 65_535).rounded()) }
        return Int64(bitPattern: bits)
    }

    init(packed: Int64) {
        let bits = UInt64(bitPattern: packed)
        func field(_ index: UInt64) -> Double { Double(bits >> (16 * index) & 0xffff) / 65_535 }
        two = Pick(expectedScore: field(0), sameAnswer: field(1))
        eight = field(3) == 0 ? nil : Pick(expectedScore: field(2), sameAnswer: field(3))
    }
}

extension RecordedCandidate {
    /// Whether it closed its thinking: by its end, or because an answer came after the thinking and grew too long.
    fileprivate var isComplete: Bool {
        switch end {
        case .closed: true
        // Without an answer it ended in its thinking, if it had any.
        case .stop: thinkingTokens == 0 || answerTokens > 0
        case .length: thinkingTokens > 0 && answerTokens > 0
        case .cancelled, .pruned: false
        }
    }
}
