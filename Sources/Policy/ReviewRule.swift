/// Which completed requests wait for a person's label.
public struct ReviewRule: Sendable, Hashable {
    /// Those whose answer scored less than this; none by score where it is nil.
    public let scoreBelow: Double?
    /// This part of all, whatever they scored: without it people would only see what the model doubts itself. None
    /// where it is nil.
    public let sample: Share?

    public init(scoreBelow: Double?, sample: Share?) {
        self.scoreBelow = scoreBelow
        self.sample = sample
    }
}

/// Why a request waits for a label.
public enum ReviewReason: String, Sendable, Hashable, CaseIterable, Codable {
    case score, sample, both
}

/// What is kept of the words of a request, which otherwise are nowhere.
public enum CaptureRule: String, Sendable, Hashable, CaseIterable {
    case none
    /// Those of the requests that wait for a label, so that whoever labels them can read them.
    case reviewed
    case all
}

extension SplitPolicy {
    static let reviewLabel = "review:sample"

    /// Why the completed request waits for a label; nil if it doesn't.
    ///
    /// The sample goes by the request's id, so that it can be told afterwards too.
    ///
    /// - Parameter score: of the answer; nil where nothing scored it.
    public func review(requestID: String, score: Double?) -> ReviewReason? {
        guard let review else { return nil }
        let isLow = if let score, let limit = review.scoreBelow { score < limit } else { false }
        let bucket = HashBucket(salt: salt, label: Self.reviewLabel).index(of: requestID)
        let isSampled = review.sample.map { bucket < $0.basisPoints } ?? false
        if isLow { return isSampled ? .both : .score }
        return isSampled ? .sample : nil
    }

    /// Whether the words of a completed request are kept.
    public func captures(_ review: ReviewReason?) -> Bool {
        switch capture {
        case .none: false
        case .reviewed: review != nil
        case .all: true
        }
    }
}
