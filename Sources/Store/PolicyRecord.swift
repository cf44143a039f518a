public import Policy

/// What the store keeps of a policy version, so that rows stay readable after the file is gone.
public struct PolicyRecord: Sendable, Hashable {
    public var policy: PolicyID
    public var version: PolicyVersion
    /// The whole document in normal form.
    public var document: String
    /// The document as its author wrote it; nil for a version that a rollout made.
    public var original: String?
    public var arms: [Arm]
    public var metrics: [Metric]

    public init(
        policy: PolicyID,
        version: PolicyVersion,
        document: String,
        original: String? = nil,
        arms: [Arm],
        metrics: [Metric]
    ) {
        self.policy = policy
        self.version = version
        self.document = document
        self.original = original
        self.arms = arms
        self.metrics = metrics
    }

    public struct Arm: Sendable, Hashable {
        public var id: ArmID
        public var isControl: Bool
        public var basisPoints: Int

        public init(id: ArmID, isControl: Bool, basisPoints: Int) {
            self.id = id
            self.isControl = isControl
            self.basisPoints = basisPoints
        }
    }

    public struct Metric: Sendable, Hashable {
        public var name: MetricName
        /// Only 0 and 1 are taken for a binary metric.
        public var isBinary: Bool

        public init(name: MetricName, isBinary: Bool) {
            self.name = name
            self.isBinary = isBinary
        }
    }
}
