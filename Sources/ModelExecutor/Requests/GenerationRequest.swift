/// Who goes first where requests compete; within a tier they share alike.
public enum Tier: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Runs only while nobody of a higher tier does, and loses its place to whoever needs it: for work that nobody
    /// waits for. No client can ask for it.
    case background
    /// Takes what the others leave.
    case flex
    case standard = "default"
    case priority

    private var rank: Int {
        switch self {
        case .background: 0
        case .flex: 1
        case .standard: 2
        case .priority: 3
        }
    }

    public static func < (a: Tier, b: Tier) -> Bool { a.rank < b.rank }
}

/// What one client asked for, already validated for shape by the caller.
public struct GenerationRequest: Sendable {
    /// The most stop strings of one request.
    public static let maximumStops = 16
    /// The longest stop string, which bounds how much of an answer may be held back.
    public static let maximumStopBytes = 1024

    /// The most tokens a candidate may be allowed: past any context, and far from overflowing a sum of a few.
    public static let maximumTokens = 1 << 30

    public var messages: [ChatMessage]
    public var effort: Effort
    /// Smaller efforts, the largest first, of which one is served when the request has waited for `patience`.
    public var fallbacks: [Effort]
    /// How long it may wait for a place; it then goes on with a fallback, or fails. Nil: until its deadline.
    public var patience: Duration?
    public var tier: Tier
    public var sampling: Sampling
    /// The most tokens that each candidate may sample, thinking and answer together.
    public var maxTokens: Int
    /// Strings that end the answer and are not part of it; thinking is not searched for them.
    public var stop: [String]
    public var deadline: ContinuousClock.Instant?

    public init(
        messages: [ChatMessage],
        effort: Effort,
        sampling: Sampling,
        maxTokens: Int,
        stop: [String] = [],
        deadline: ContinuousClock.Instant? = nil,
        fallbacks: [Effort] = [],
        patience: Duration? = nil,
        tier: Tier = .standard
    ) {
        self.messages = messages
        self.effort = effort
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stop = stop
        self.deadline = deadline
        self.fallbacks = fallbacks
        self.patience = patience
        self.tier = tier
    }

    /// Throws what no model could serve; the limits of the loaded model are checked on submission.
    public func validate() throws(ExecutorError) {
        guard !messages.isEmpty else { throw .invalidRequest("messages are empty; send at least one") }
        for effort in [effort] + fallbacks { try effort.validate() }
        guard (1...Self.maximumTokens).contains(maxTokens) else {
            throw .invalidRequest("max_tokens is \(maxTokens); choose 1 to \(Self.maximumTokens)")
        }
        guard sampling.temperature >= 0, sampling.temperature <= 100 else {
            throw .invalidRequest("temperature is \(sampling.temperature); choose 0 (greedy) to 100")
        }
        guard sampling.topP > 0, sampling.topP <= 1 else {
            throw .invalidRequest("top_p is \(sampling.topP); choose above 0, up to 1")
        }
        guard sampling.topK >= 0 else {
            throw .invalidRequest("top_k is \(sampling.topK); choose 0 (off) or more")
        }
        guard (0.01...100).contains(sampling.repetitionPenalty) else {
            throw .invalidRequest(
                "repetition_penalty is \(sampling.repetitionPenalty); choose 0.01 to 100 (1 is off)"
            )
        }
        guard stop.count <= Self.maximumStops else {
            throw .invalidRequest("\(stop.count) stop strings; send at most \(Self.maximumStops)")
        }
        for text in stop where text.isEmpty || text.utf8.count > Self.maximumStopBytes {
            throw .invalidRequest(
                "a stop string of \(text.utf8.count) bytes; send 1 to \(Self.maximumStopBytes) bytes"
            )
        }
    }
}
