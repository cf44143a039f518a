/// What one request may spend under a policy.
public struct Limits: Sendable, Hashable {
    /// What happens to a request for which there is no room.
    public enum Overload: String, Sendable, Hashable, CaseIterable {
        /// It is answered with an error that says when to come back.
        case reject
    }

    /// From arrival to the last byte.
    public let deadline: Duration
    /// The most tokens of each candidate, thinking and answer together.
    public let maxTokens: Int
    public let onOverload: Overload

    public init(deadline: Duration, maxTokens: Int, onOverload: Overload) {
        self.deadline = deadline
        self.maxTokens = maxTokens
        self.onOverload = onOverload
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

/// Requests that carry certain headers go to a named arm and are left out of the analysis.
public struct Override: Sendable, Hashable {
    /// By lower-case name; all must be satisfied.
    public let headers: [String: [TextPattern]]
    public let arm: ArmID

    public init(headers: [String: [TextPattern]], arm: ArmID) {
        self.headers = headers
        self.arm = arm
    }
}
