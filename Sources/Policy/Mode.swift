/// How the answer is picked among a request's candidates.
///
/// The raw values are those of the executor's own selection, which this module must not import.
public enum SelectionRule: String, Sendable, Hashable, CaseIterable, Codable {
    case bestScore = "best_score"
    case weightedVote = "weighted_vote"
    case majority
    case likelihood
    case first

    /// Whether the rule reads step scores, which only a model with a score head gives.
    public var needsScores: Bool {
        switch self {
        case .bestScore, .weightedVote: true
        case .majority, .likelihood, .first: false
        }
    }
}

/// A named thinking effort: how many candidates, how they are sampled, how one is picked.
///
/// A nil sampling value leaves the choice to the request, and past that to the server's default.
public struct Mode: Sendable, Hashable {
    /// The most candidates of one request; the executor's sequences are sized for it.
    public static let candidateLimit = 64

    public static let single = Mode(name: "single", k: 1, select: .first)
    public static let low = Mode(name: "low", k: 2, select: .bestScore)
    public static let medium = Mode(name: "medium", k: 8, select: .bestScore)
    public static let high = Mode(name: "high", k: 32, select: .bestScore)

    /// As far as high, where low and medium are not enough.
    public static let auto = Mode(
        name: "auto",
        k: 32,
        select: .bestScore,
        adaptive: AdaptiveRule(stages: [2, 8, 32], confidence: AdaptiveRule.standardConfidence)
    )

    /// The modes that every policy may name, by rising effort.
    public static let builtIn = [single, low, medium, high, auto]

    public let name: ModeName
    public let k: Int
    public let select: SelectionRule
    public let temperature: Double?
    public let topP: Double?
    public let topK: Int?
    public let repetitionPenalty: Double?
    public let prune: PruneRule?
    public let adaptive: AdaptiveRule?
    public let search: SearchRule?
    /// No candidate is started, after the first, that would likely bring the tokens of all past this.
    public let tokenBudget: Int?
    /// Below it a logit that is divided by it may be no number any more; nobody rewards repetition tenfold.
    public static let leastRepetitionPenalty = 0.1

    public init(
        name: ModeName,
        k: Int,
        select: SelectionRule,
        temperature: Double? = nil,
        topP: Double? = nil,
        topK: Int? = nil,
        repetitionPenalty: Double? = nil,
        prune: PruneRule? = nil,
        adaptive: AdaptiveRule? = nil,
        search: SearchRule? = nil,
        tokenBudget: Int? = nil
    ) {
        precondition(
            (1...Mode.candidateLimit).contains(k),
            "mode \(name) has k = \(k), outside 1...\(Mode.candidateLimit)"
        )
        self.name = name
        self.k = k
        self.select = select
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.repetitionPenalty = repetitionPenalty
        self.prune = prune
        self.adaptive = adaptive
        self.search = search
        self.tokenBudget = tokenBudget
    }
}

extension Mode {
    /// The same under another name.
    public func named(_ name: ModeName) -> Mode {
        Mode(
            name: name,
            k: k,
            select: select,
            temperature: temperature,
            topP: topP,
            topK: topK,
            repetitionPenalty: repetitionPenalty,
            prune: prune,
            adaptive: adaptive,
            search: search,
            tokenBudget: tokenBudget
        )
    }
}

/// One branch of a policy: its part of the traffic and the mode that serves it.
public struct Arm: Sendable, Hashable {
    public let id: ArmID
    public let share: Share
    public let mode: Mode
    /// The arm that the others are compared with; every policy has exactly one.
    public let isControl: Bool

    func with(share: Share) -> Arm { Arm(id: id, share: share, mode: mode, isControl: isControl) }

    public init(id: ArmID, share: Share, mode: Mode, isControl: Bool) {
        self.id = id
        self.share = share
        self.mode = mode
        self.isControl = isControl
    }
}
