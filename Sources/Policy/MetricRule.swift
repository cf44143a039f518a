/// One outcome that a policy counts, as clients report it after the answer.
public struct MetricRule: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Yes or no.
        case binary
    }

    public enum Direction: String, Sendable, Hashable, CaseIterable {
        case higher, lower
    }

    public let name: MetricName
    public let kind: Kind
    public let better: Direction
    /// How long after the assignment an outcome still counts.
    public let window: Duration

    public init(name: MetricName, kind: Kind, better: Direction, window: Duration) {
        self.name = name
        self.kind = kind
        self.better = better
        self.window = window
    }
}

/// When the evidence is enough to say go or no-go.
public struct DecideRule: Sendable, Hashable {
    public struct Primary: Sendable, Hashable {
        public let metric: MetricName
        /// What the difference to control must beat: 0 is superiority, less is non-inferiority.
        public let margin: RateChange

        public init(metric: MetricName, margin: RateChange) {
            self.metric = metric
            self.margin = margin
        }
    }

    /// What every arm must have before there is an interval at all.
    public struct Minimum: Sendable, Hashable {
        public let subjects: Int
        public let successes: Int
        public let failures: Int

        public init(subjects: Int, successes: Int, failures: Int) {
            self.subjects = subjects
            self.successes = successes
            self.failures = failures
        }
    }

    public let primary: Primary
    /// The chance of ever deciding wrongly, however often someone looks.
    public let alpha: Double
    /// The number of subjects at which the intervals are tightest.
    public let plannedSubjects: Int
    public let minimum: Minimum
    public let guardrails: [Guardrail]

    public init(
        primary: Primary,
        alpha: Double,
        plannedSubjects: Int,
        minimum: Minimum,
        guardrails: [Guardrail]
    ) {
        self.primary = primary
        self.alpha = alpha
        self.plannedSubjects = plannedSubjects
        self.minimum = minimum
        self.guardrails = guardrails
    }
}

/// A limit that an arm must respect, relative to control.
public struct Guardrail: Sendable, Hashable {
    public enum Metric: String, Sendable, Hashable, CaseIterable {
        case latencyP50 = "latency_p50"
        case latencyP95 = "latency_p95"
        case latencyP99 = "latency_p99"
        case failureRate = "failure_rate"
        case computeTokens = "compute_tokens"
    }

    public enum Limit: Sendable, Hashable {
        /// At most this many times control's value.
        case atMostRatio(Double)
        /// At most this much above control's rate.
        case atMostIncrease(RateChange)
    }

    public let metric: Metric
    public let limit: Limit

    public init(metric: Metric, limit: Limit) {
        self.metric = metric
        self.limit = limit
    }
}
