/// A valid policy: which requests it covers, how it splits them over arms, and how it will be judged.
///
/// The only way to one is a document in which nothing is wrong, so nobody needs to check one again.
public struct SplitPolicy: Sendable, Hashable, Identifiable {
    public let id: PolicyID
    public let version: PolicyVersion
    /// What the operator wrote about it; empty when nothing. Not part of the version.
    public let description: String
    /// The lowest number is asked first.
    public let priority: Int
    public let match: Match
    public let subject: SubjectRule
    public let salt: String
    public let clientEffort: ClientEffort
    /// In order of their names.
    public let arms: [Arm]
    public let control: Arm
    public let overrides: [Override]
    public let limits: Limits
    /// In order of their names.
    public let metrics: [MetricRule]
    public let decide: DecideRule?
    /// Whether clients are kept from seeing arm and scores.
    public let isBlind: Bool
    public let rollout: RolloutRule?
    public let review: ReviewRule?
    public let capture: CaptureRule
    public let shadow: ShadowRule?
    /// The normal form: a complete document with every default filled in. Its hash is the version.
    public let source: String
    /// Which part of what matches the policy takes.
    public let gate: TrafficGate
    private let assigner: Assigner

    /// Validates the document; throws everything that is wrong with it at once.
    public init(_ document: PolicyDocument) throws(PolicyProblems) {
        self.init(try PolicyParts(document))
    }

    init(_ parts: PolicyParts) {
        id = parts.id
        description = parts.description
        priority = parts.priority
        match = parts.match
        subject = parts.subject
        salt = parts.salt
        clientEffort = parts.clientEffort
        arms = parts.arms
        control = parts.control
        overrides = parts.overrides
        limits = parts.limits
        metrics = parts.metrics
        decide = parts.decide
        isBlind = parts.isBlind
        rollout = parts.rollout
        review = parts.review
        capture = parts.capture
        shadow = parts.shadow
        source = NormalForm(parts).text
        version = NormalForm.version(of: source)
        gate = TrafficGate(share: parts.match.traffic, salt: parts.salt)
        assigner = Assigner(salt: parts.salt, arms: parts.arms)
    }

    /// Decodes and validates one document.
    ///
    /// - Parameter file: the name that problems are reported under.
    public init(yaml: String, file: String) throws(PolicyProblems) {
        try self.init(PolicyDocument(yaml: yaml, file: file))
    }

    /// The arm that the subject belongs to.
    public func arm(for subject: SubjectID) -> Arm {
        dealing(for: subject).winner
    }

    /// What each arm drew for the subject.
    public func dealing(for subject: SubjectID) -> Dealing {
        assigner.dealing(for: subject)
    }

    /// The arm of that name.
    public func arm(_ id: ArmID) -> Arm? {
        arms.first { $0.id == id }
    }
}
