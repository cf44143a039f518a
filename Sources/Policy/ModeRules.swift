/// Successive halving among a mode's candidates; see the executor's `Pruning`.
public struct PruneRule: Sendable, Hashable {
    public static let standard = PruneRule(keep: 0.5, afterSteps: 2, audit: Share(basisPoints: 500))
    /// The smallest share that may go on.
    public static let leastKeep = 0.01
    /// The furthest first rung; longer traces than anything measured.
    public static let mostSteps = 10_000

    /// The share of candidates that goes on at each rung.
    public let keep: Double
    /// The first rung.
    public let afterSteps: Int
    /// The share of requests that run in full and only note who would have been cut.
    public let audit: Share

    public init(keep: Double, afterSteps: Int, audit: Share) {
        self.keep = keep
        self.afterSteps = afterSteps
        self.audit = audit
    }
}

/// Candidates in stages, until the pick is likely enough to be right.
public struct AdaptiveRule: Sendable, Hashable {
    public static let standardConfidence = 0.9
    /// As many as there are doublings up to the largest k.
    public static let mostStages = 7

    /// How many candidates have run by the end of each stage; the last is the mode's k.
    public let stages: [Int]
    public let confidence: Double

    public init(stages: [Int], confidence: Double) {
        self.stages = stages
        self.confidence = confidence
    }

    /// The built-in efforts below k, and k.
    static func standardStages(k: Int) -> [Int] { [2, 8].filter { $0 < k } + [k] }
}

/// An experimental way for candidates to come about.
public enum SearchRule: Sendable, Hashable {
    case beam(width: Int, everySteps: Int)
    case mcts(exploration: Double, parallel: Int)
}

extension Mode {
    /// The modes that a request assigned to this one may be served with where it finds no place: the built-in ones
    /// with fewer candidates, the largest first.
    ///
    /// A mode that works without scores may run on a model without a head, so it falls to the baseline alone.
    public var fallbacks: [Mode] {
        [Mode.high, .medium, .low, .single].filter { $0.k < k && (needsScores || !$0.needsScores) }
    }

    /// Whether it works only on a model with a score head.
    public var needsScores: Bool { select.needsScores || prune != nil || search != nil }

    /// Whether it works only where the head says what its scores are worth.
    public var needsCalibration: Bool { adaptive != nil && select == .bestScore }
}
