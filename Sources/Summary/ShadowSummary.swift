import Policy
import Stats
import Store

/// What another mode did with requests of one arm, unseen by their clients.
///
/// No verdict reads it: nobody saw the answers, so there are no outcomes, and the best score of more candidates is
/// higher by construction. It tells how often the answer would have been another, and for what cost.
public struct ShadowSummary: Encodable, Sendable, Hashable {
    public var arm: String
    /// The arm's own.
    public var mode: String
    public var shadowMode: String
    /// Requests of which the shadow completed too. All figures but `states` are of these.
    public var pairs: Int
    public var subjects: Int
    public var agreement: Agreement
    public var live: Run
    public var shadow: Run
    /// Shadows by how they ended, and `open` for those that run. Dropped ones are not in the record.
    public var states: [String: Int]

    /// How often both answers came to the same, compared as votes are.
    public struct Agreement: Encodable, Sendable, Hashable {
        /// Pairs in which both answers say something to compare.
        public var compared: Int
        @OrNull public var rate: Double?
        /// The interval at the policy's alpha, by subject, however often one looks.
        @OrNull public var lower: Double?
        @OrNull public var upper: Double?
        /// What an interval still needs, with how much there is.
        public var missing: [String]
    }

    /// One of the two, as a mean or quantile over the pairs.
    public struct Run: Encodable, Sendable, Hashable {
        /// Of the pick, over the pairs in which both have one.
        @OrNull public var score: Double?
        @OrNull public var candidateTokens: Double?
        /// Without the time in which it waited for a place or stood still for others.
        @OrNull public var latencyP50Ms: Double?
        @OrNull public var latencyP95Ms: Double?
    }
}

extension ShadowSummary {
    init(_ observed: ShadowObservations, judged: JudgedPolicy) {
        let pairs = observed.pairs
        let scored = pairs.filter { $0.live.score != nil && $0.shadow.score != nil }
        var states = Dictionary(
            uniqueKeysWithValues: TerminalState.allCases.map { ($0.rawValue, observed.ended[$0] ?? 0) }
        )
        // A shadow has no client.
        states[TerminalState.clientGone.rawValue] = nil
        states["open"] = observed.open
        self.init(
            arm: observed.arm.rawValue,
            mode: judged.policy.arm(observed.arm)?.mode.name.rawValue ?? "",
            shadowMode: observed.mode.rawValue,
            pairs: pairs.count,
            subjects: Set(pairs.map(\.subject)).count,
            agreement: Agreement(pairs, judged),
            live: Run(pairs.map(\.live), scores: scored.compactMap(\.live.score)),
            shadow: Run(pairs.map(\.shadow), scores: scored.compactMap(\.shadow.score)),
            states: states
        )
    }
}

extension ShadowSummary.Run {
    init(_ runs: [ShadowPair.Run], scores: [Double]) {
        let times = runs.map(\.milliseconds).sorted()
        self.init(
            score: Self.mean(scores),
            candidateTokens: Self.mean(runs.map(\.candidateTokens)),
            latencyP50Ms: times.quantile(0.5),
            latencyP95Ms: times.quantile(0.95)
        )
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

extension ShadowSummary.Agreement {
    init(_ pairs: [ShadowPair], _ judged: JudgedPolicy) {
        var totals: [SubjectNumber: Counts] = [:]
        let none = Counts(successes: 0, trials: 0)
        for pair in pairs {
            guard let agrees = pair.agrees else { continue }
            totals[pair.subject] =
                totals[pair.subject, default: none] + Counts(successes: agrees ? 1 : 0, trials: 1)
        }
        let all = totals.values
        let total = all.reduce(none, +)
        var sums = SubjectSums()
        for one in all { sums.add(requests: Double(one.trials), successes: Double(one.successes)) }
        let shortfalls = judged.minimum.shortfalls(
            subjects: all.count,
            successes: all.count { $0.successes > 0 },
            failures: all.count { $0.failures > 0 }
        )
        // The plain proportion where each subject has one pair, as elsewhere.
        let estimate = total.trials == all.count ? total.estimate : sums.successRate
        let interval = shortfalls.isEmpty ? estimate.map { judged.sequence.interval(for: $0) } : nil
        self.init(
            compared: total.trials,
            rate: total.rate,
            lower: interval.map { max(0, $0.lower) },
            upper: interval.map { min(1, $0.upper) },
            missing: shortfalls.map(Self.text)
        )
    }

    private static func text(_ shortfall: MinimumCounts.Shortfall) -> String {
        let what =
            switch shortfall.kind {
            case .subjects: "subjects"
            case .successes: "subjects with the same answer"
            case .failures: "subjects with another answer"
            }
        return "\(NumberText.count(shortfall.have)) of \(NumberText.count(shortfall.need)) \(what)"
    }
}

extension [Double] {
    /// The smallest value that at least the fraction `p` of the ascending values does not exceed.
    fileprivate func quantile(_ p: Double) -> Double? {
        isEmpty ? nil : self[Swift.max(0, Int((p * Double(count)).rounded(.up)) - 1)]
    }
}
