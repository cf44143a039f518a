public import Policy

/// What is written before a shadow's generation starts: that a request also runs in another mode.
public struct ShadowOpening: Sendable, Hashable {
    /// The request that it is the shadow of, which has one at most.
    public var request: RequestID
    public var mode: ModeName

    public init(request: RequestID, mode: ModeName) {
        self.request = request
        self.mode = mode
    }
}

/// How a shadow ended, in one of the states that a request ends in; its client is never gone.
public struct ShadowCompletion: Sendable, Hashable {
    public var request: RequestID
    public var state: TerminalState
    public var cause: EndCause?
    /// From its start to its end; a shadow has no arrival.
    public var latency: Duration
    /// The part of `latency` in which the executor let others go first.
    public var queued: Duration
    public var compute: RecordedCompute
    /// That of its pick.
    public var score: Double?
    /// Whether its answer came to the same as the one that the client got; nil where either said nothing to compare.
    public var agrees: Bool?

    public init(
        request: RequestID,
        state: TerminalState,
        cause: EndCause? = nil,
        latency: Duration,
        queued: Duration = .zero,
        compute: RecordedCompute = RecordedCompute(),
        score: Double? = nil,
        agrees: Bool? = nil
    ) {
        self.request = request
        self.state = state
        self.cause = cause
        self.latency = latency
        self.queued = queued
        self.compute = compute
        self.score = score
        self.agrees = agrees
    }
}
