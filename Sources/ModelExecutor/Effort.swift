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

/// The thinking effort of one request: how many candidates, and how one is picked.
public struct Effort: Sendable, Hashable {
    /// The most candidates a request may ask for: twice the largest count that the method was measured with.
    public static let maximumK = 64

    public var k: Int
    public var selection: Selection

    public init(k: Int, selection: Selection) {
        self.k = k
        self.selection = selection
    }
}
