/// What one request may spend under a policy.
public struct Limits: Sendable, Hashable {
    /// What happens to a request for which there is no room.
    public enum Overload: String, Sendable, Hashable, CaseIterable {
        /// It is answered with an error that says when to come back.
        case reject
        /// It waits for as long as it may and is then served with fewer candidates, or refused if that fails too.
        case degrade
    }

    /// Who goes first where requests compete, in the words of OpenAI's `service_tier`.
    public enum Tier: String, Sendable, Hashable, CaseIterable {
        /// Takes what the others leave.
        case flex
        case standard = "default"
        case priority
    }

    /// From arrival to the last byte.
    public let deadline: Duration
    /// The most tokens of each candidate, thinking and answer together.
    public let maxTokens: Int
    public let onOverload: Overload
    /// How long a request may wait for a place.
    public let queue: Duration
    public let tier: Tier

    public init(
        deadline: Duration,
        maxTokens: Int,
        onOverload: Overload,
        queue: Duration? = nil,
        tier: Tier = .standard
    ) {
        self.deadline = deadline
        self.maxTokens = maxTokens
        self.onOverload = onOverload
        self.queue = queue ?? Limits.standardQueue(deadline: deadline)
        self.tier = tier
    }

    /// Half of a person's patience with a page that shows nothing, and at most half of the deadline, so that a
    /// request that falls back when it has waited has as long again to run.
    static func standardQueue(deadline: Duration) -> Duration {
        let (seconds, attoseconds) = (deadline / 2).components
        let milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
        return min(.seconds(5), .milliseconds(milliseconds))
    }
}

/// What a client's own `reasoning_effort` does to the arm's mode.
public enum ClientEffort: String, Sendable, Hashable, CaseIterable {
    /// Nothing: the arm's mode is served.
    case ignore
    /// The client's effort is served.
    case honour
    /// The client may lower the effort and not raise it.
    case cap
}

/// A client's `reasoning_effort` and the built-in mode it stands for.
public enum ReasoningEffort: String, Sendable, Hashable, CaseIterable {
    case none, minimal, low, medium, high, xhigh

    public var mode: Mode {
        switch self {
        case .none, .minimal: .single
        case .low: .low
        case .medium: .medium
        case .high, .xhigh: .high
        }
    }
}

/// Requests that carry certain headers, or come by certain keys, go to a named arm and are left out of the analysis.
public struct Override: Sendable, Hashable {
    /// By lower-case name; all must be satisfied.
    public let headers: [String: [TextPattern]]
    /// Names of clients' keys, of which the request's must be one; empty asks for none.
    public let keys: [TextPattern]
    public let arm: ArmID
    /// The same headers and keys, as what they demand; all must hold.
    public let conditions: [MatchCondition]

    public init(headers: [String: [TextPattern]], keys: [TextPattern] = [], arm: ArmID) {
        self.headers = headers
        self.keys = keys
        self.arm = arm
        conditions = MatchCondition.headers(headers) + (keys.isEmpty ? [] : [.key(keys)])
    }

    func applies(to request: RequestAttributes) -> Bool {
        conditions.allSatisfy { $0.isMet(by: request) }
    }
}
