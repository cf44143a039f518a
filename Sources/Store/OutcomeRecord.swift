public import Policy

/// A fact about a request that is told after it: success, a rating, seconds saved.
public struct OutcomeRecord: Sendable, Hashable {
    public var request: RequestID
    /// A metric that the request's policy version declares.
    public var metric: MetricName
    /// A finite number; 0 or 1 for a binary metric.
    public var value: Double
    public var source: OutcomeSource
    /// The same key on the same request is taken once; without one every delivery counts as a new outcome.
    public var idempotencyKey: String?

    public init(
        request: RequestID,
        metric: MetricName,
        value: Double,
        source: OutcomeSource = .user,
        idempotencyKey: String? = nil
    ) {
        self.request = request
        self.metric = metric
        self.value = value
        self.source = source
        self.idempotencyKey = idempotencyKey
    }
}

/// Who says so.
public enum OutcomeSource: String, Sendable, Hashable, CaseIterable { case user, verifier, human }

/// What became of one outcome; everything but `accepted` and `duplicate` changed nothing and won't on a retry.
public enum OutcomeReceipt: String, Sendable, Hashable, CaseIterable {
    case accepted
    /// The same key was told before with the same metric and value.
    case duplicate
    /// The same key was told before with another metric or value; the first one stands.
    case conflict
    case unknownRequest = "unknown_request"
    /// The request's policy version declares no such metric.
    case unknownMetric = "unknown_metric"
    /// Not a finite number, or not 0 or 1 for a binary metric.
    case invalidValue = "invalid_value"
    /// The request has as many outcomes as one request may have.
    case tooMany = "too_many"
}
