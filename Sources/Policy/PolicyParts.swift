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
        check.head()
        guard check.problems.isEmpty, let id = document.name?.value, let control else {
            throw PolicyProblems(check.sorted())
        }
        self.id = id
        description = document.description?.value ?? ""
        priority = document.priority?.value ?? 100
        match = Match(models: document.models, headers: document.headers)
        subject = SubjectRule(
            from: document.subjectSources ?? PolicyParts.subjectSources,
            otherwise: document.subjectFallback?.value ?? .request
        )
        salt = document.salt?.value ?? id.rawValue
        clientEffort = document.clientEffort?.value ?? .ignore
        self.arms = arms.sorted { $0.id < $1.id }
        self.control = control
        let used = Set(arms.map(\.mode))
        self.modes = modes.filter { used.contains($0) && !Mode.builtIn.contains($0) }
            .sorted { $0.name < $1.name }
        self.overrides = overrides
        self.limits = limits
        self.metrics = metrics.sorted { $0.name < $1.name }
        self.decide = decide
        isBlind = document.blind?.value ?? false
    }
}
