public import Policy

/// Everything the record knows about one arm of one policy version, with subjects as the unit.
public struct ArmObservations: Sendable {
    public var policy: PolicyID
    public var version: PolicyVersion
    public var arm: ArmID
    public var isControl: Bool
    /// The share that the version gives the arm.
    public var basisPoints: Int
    /// One entry per subject assigned to the arm, in the order of first assignments. Requests that were excluded
    /// from the analysis are in none of these figures but `excluded`.
    public var subjects: [SubjectTotals]
    /// Ended requests by state.
    public var ended: [TerminalState: Int]
    /// Requests that have not ended.
    public var open: Int
    public var excluded: Int
    /// Requests whose served mode isn't the assigned one.
    public var degraded: Int
    /// Subjects that another arm of the same policy also saw, in this version or another.
    public var crossedOver: Int
    /// Milliseconds from arrival to end of each completed request, with its subject, ascending.
    public var latencies: [SubjectSample]
    /// Milliseconds from arrival to the first answer byte of each completed request that has one, ascending.
    public var firstTokens: [SubjectSample]
    /// When the first and the last request were assigned; nil without any.
    public var firstAssigned: Timestamp?
    public var lastAssigned: Timestamp?

    public var requests: Int { ended.values.reduce(open, +) }

    public init(
        policy: PolicyID,
        version: PolicyVersion,
        arm: ArmID,
        isControl: Bool = false,
        basisPoints: Int = 0,
        subjects: [SubjectTotals] = [],
        ended: [TerminalState: Int] = [:],
        open: Int = 0,
        excluded: Int = 0,
        degraded: Int = 0,
        crossedOver: Int = 0,
        latencies: [SubjectSample] = [],
        firstTokens: [SubjectSample] = [],
        firstAssigned: Timestamp? = nil,
        lastAssigned: Timestamp? = nil
    ) {
        self.policy = policy
        self.version = version
        self.arm = arm
        self.isControl = isControl
        self.basisPoints = basisPoints
        self.subjects = subjects
        self.ended = ended
        self.open = open
        self.excluded = excluded
        self.degraded = degraded
        self.crossedOver = crossedOver
        self.latencies = latencies
        self.firstTokens = firstTokens
        self.firstAssigned = firstAssigned
        self.lastAssigned = lastAssigned
    }
}

/// What one subject did in one arm of one policy version.
public struct SubjectTotals: Sendable, Hashable {
    public var subject: SubjectNumber
    public var firstAssigned: Timestamp
    /// Requests that were assigned, whether they ended or not.
    public var requests: Int = 0
    /// Requests that ended in any state but `completed` and `client_gone`.
    public var failures: Int = 0
    /// Requests with a value of the chosen metric.
    public var withOutcome: Int = 0
    /// The sum and the sum of squares of those values, latest outcome per request; for a binary metric both are
    /// the number of successes.
    public var outcomeSum: Double = 0
    public var outcomeSquares: Double = 0
    public var candidateTokens: Double = 0
    public var candidateTokenSquares: Double = 0
    public var promptTokens: Double = 0
    public var cpuSeconds: Double = 0
    public var cpuSecondSquares: Double = 0

    public init(subject: SubjectNumber, firstAssigned: Timestamp) {
        self.subject = subject
        self.firstAssigned = firstAssigned
    }
}

/// One measured value and the subject it belongs to, since samples of one subject are not independent.
public struct SubjectSample: Sendable, Hashable {
    public var value: Double
    public var subject: SubjectNumber

    public init(value: Double, subject: SubjectNumber) {
        self.value = value
        self.subject = subject
    }
}
