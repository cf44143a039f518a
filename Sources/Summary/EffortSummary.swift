import Policy
import Store

/// What the effort of one arm's requests came to; excluded requests are in none of it.
public struct EffortSummary: Encodable, Sendable, Hashable {
    /// Ended requests of which candidates are recorded.
    public var requests: Int
    /// Mean of the candidates that such a request started, those that were cut included.
    @OrNull public var candidates: Double?
    /// Of those candidates, the share that the pruning cut.
    @OrNull public var prunedShare: Double?
    /// Requests in which the pruning cut nothing and marked what it would have cut.
    public var audited: Int
    /// Of those, the share in which the winner was marked.
    @OrNull public var winnerCutShare: Double?
    /// Requests whose thinking was stopped early, by what stopped it.
    public var stoppedBy: [String: Int]
    /// The share of prompt tokens that the cache of earlier prompts had.
    @OrNull public var cachedPromptShare: Double?
    /// What fewer of the same candidates would have done, by rising number; only in an arm that picks by best score.
    public var nested: [NestedSummary]
}

/// The pick among a random few of a request's candidates, as a mean over the requests that can tell.
///
/// Those are the ones with more candidates, all of which ran to their ends, in the arm's own mode.
public struct NestedSummary: Encodable, Sendable, Hashable {
    /// The few.
    public var candidates: Int
    public var requests: Int
    /// The score expected of the pick among the few.
    public var expectedScore: Double
    /// The score of the pick among all, in the same requests.
    public var pickScore: Double
    /// How often both give the same answer.
    public var sameAnswer: Double
}

extension EffortSummary {
    init(_ arm: Arm, _ effort: ArmEffort) {
        let stopped = RecordedStop.allCases.map { ($0.rawValue, effort.stopped[$0] ?? 0) }
        self.init(
            requests: effort.withCandidates,
            candidates: Self.ratio(effort.candidates, effort.withCandidates),
            prunedShare: Self.ratio(effort.pruned, effort.candidates),
            audited: effort.audited,
            winnerCutShare: Self.ratio(effort.winnerCut, effort.audited),
            stoppedBy: Dictionary(uniqueKeysWithValues: stopped),
            cachedPromptShare: Self.ratio(effort.cachedTokens, effort.promptTokens),
            // The record does not say how a winner was picked, and another rule may agree with the best score at times.
            // Of an adaptive arm only the hard requests run to the end, and they say nothing of the others.
            nested: arm.mode.select == .bestScore && arm.mode.adaptive == nil
                ? effort.nested.sorted { $0.key < $1.key }.map { NestedSummary(of: $0.key, $0.value) } : []
        )
    }

    private static func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }

    /// Whether anything but plain sampling took place.
    var saysSomething: Bool {
        (prunedShare ?? 0) > 0 || audited > 0 || stoppedBy.values.contains { $0 > 0 }
            || (cachedPromptShare ?? 0) > 0 || !nested.isEmpty
    }
}

extension NestedSummary {
    init(of candidates: Int, _ sums: NestedSums) {
        let requests = Double(sums.requests)
        self.init(
            candidates: candidates,
            requests: sums.requests,
            expectedScore: sums.expectedScore / requests,
            pickScore: sums.pickScore / requests,
            sameAnswer: sums.sameAnswer / requests
        )
    }
}
