/// A document's fields once they are known to fit together: what `SplitPolicy` is made of.
struct PolicyParts {
    let id: PolicyID
    let description: String
    let priority: Int
    let match: Match
    let subject: SubjectRule
    let salt: String
    let clientEffort: ClientEffort
    let arms: [Arm]
    let control: Arm
    let modes: [Mode]
    let overrides: [Override]
    let limits: Limits
    let metrics: [MetricRule]
    let decide: DecideRule?
    let isBlind: Bool
    let rollout: RolloutRule?
    let review: ReviewRule?
    let capture: CaptureRule
    let shadow: ShadowRule?

    /// Where a policy that says nothing looks for subjects.
    ///
    /// The API key is not among them: most applications send all of their users' requests with one key, and
    /// would so be one subject.
    static let subjectSources: [SubjectSource] = [.header("x-subject-id"), .safetyIdentifier, .user]

    init(_ document: PolicyDocument) throws(PolicyProblems) {
        var check = DocumentCheck(document)
        let modes = check.modes()
        let arms = check.arms(modes: modes)
        let overrides = check.overrides(arms: document.arms.map(\.name.value))
        check.shares(overridden: Set(overrides.map(\.arm)))
        let control = check.control(arms)
        let metrics = check.metrics()
        let limits = check.limits()
        let decide = check.decide(metrics: document.metrics.map(\.name.value))
        let rollout = check.rollout(decide: decide)
        let review = check.review()
        let capture = check.capture()
        let shadow = check.shadow(modes: modes, arms: arms)
        check.head()
        guard check.problems.isEmpty, let id = document.name?.value, let control else {
            throw PolicyProblems(check.sorted())
        }
        self.id = id
        description = document.description?.value ?? ""
        priority = document.priority?.value ?? 100
        match = Match(
            models: document.models,
            headers: document.headers,
            tags: document.tags,
            traffic: document.traffic?.value ?? .whole
        )
        subject = SubjectRule(
            from: document.subjectSources ?? PolicyParts.subjectSources,
            otherwise: document.subjectFallback?.value ?? .request
        )
        salt = document.salt?.value ?? id.rawValue
        clientEffort = document.clientEffort?.value ?? .ignore
        self.arms = arms.sorted { $0.id < $1.id }
        self.control = control
        self.modes = PolicyParts.modes(of: arms, shadow)
        self.overrides = overrides
        self.limits = limits
        self.metrics = metrics.sorted { $0.name < $1.name }
        self.decide = decide
        isBlind = document.blind?.value ?? false
        self.rollout = rollout
        self.review = review
        self.capture = capture
        self.shadow = shadow
    }

    /// The parts of a valid policy with other shares.
    init(_ policy: SplitPolicy, arms: [Arm]) {
        id = policy.id
        description = policy.description
        priority = policy.priority
        match = policy.match
        subject = policy.subject
        salt = policy.salt
        clientEffort = policy.clientEffort
        self.arms = arms
        control = arms.first { $0.isControl } ?? policy.control
        modes = PolicyParts.modes(of: arms, policy.shadow)
        overrides = policy.overrides
        limits = policy.limits
        metrics = policy.metrics
        decide = policy.decide
        isBlind = policy.isBlind
        rollout = policy.rollout
        review = policy.review
        capture = policy.capture
        shadow = policy.shadow
    }

    /// Those that arms and shadow use and the document has to define, in order of their names.
    private static func modes(of arms: [Arm], _ shadow: ShadowRule?) -> [Mode] {
        Set(arms.map(\.mode) + [shadow?.mode].compactMap(\.self)).subtracting(Mode.builtIn).sorted {
            $0.name < $1.name
        }
    }
}
