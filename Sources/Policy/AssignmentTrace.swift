/// How a policy comes to an arm for a request, or to none: what each step found.
///
/// An assignment is the end of a trace, so what explains an assignment is what made it.
public struct AssignmentTrace: Sendable, Hashable {
    public let policy: SplitPolicy
    /// Nil where the request names none and the policy refuses such requests.
    public let subject: SubjectID?
    /// `request` where nothing names a subject and the request is its own.
    public let source: SubjectSource?
    /// What the client asks for, whatever comes of it; nil where it asks for nothing or for something unknown.
    public let effort: ReasoningEffort?
    /// The first whose conditions the request meets: it settles arm and mode.
    public let override: Override?
    /// What the arms drew, also where an override made it count for nothing; nil without a subject.
    public let dealing: Dealing?
    public let result: Result<Assignment, AssignmentRefusal>

    init(of policy: SplitPolicy, _ request: RequestAttributes, requestID: String, clientEffort: String?) {
        let found = policy.subject.subject(of: request, requestID: requestID)
        self.policy = policy
        subject = found?.subject
        source = found?.source
        effort = clientEffort.flatMap { ReasoningEffort(rawValue: $0) }
        override = policy.overrides.first { $0.applies(to: request) }
        dealing = found.map { policy.dealing(for: $0.subject) }
        if let clientEffort, effort == nil {
            result = .failure(.unknownEffort(clientEffort))
            return
        }
        guard let found, let dealing else {
            result = .failure(.subjectMissing(policy: policy.id, sources: policy.subject.from))
            return
        }
        let forced = override.flatMap { policy.arm($0.arm) }
        let arm = forced ?? dealing.winner
        let exclusion: Exclusion? = policy.matters(effort) ? .clientEffort : nil
        result = .success(
            Assignment(
                policy: policy.id,
                version: policy.version,
                arm: arm,
                served: forced == nil ? policy.mode(for: effort, assigned: arm.mode) : arm.mode,
                subject: found.subject,
                subjectSource: found.source,
                excludedBecause: forced == nil ? exclusion : .override
            )
        )
    }

    /// The mode that the arm would serve the request with.
    public func served(by arm: Arm) -> Mode {
        override == nil ? policy.mode(for: effort, assigned: arm.mode) : arm.mode
    }

    /// Whether nothing but the request's own id, which is drawn anew for each, decides its arm.
    public var isDealtAnew: Bool { source == .request && override == nil }
}

extension SplitPolicy {
    /// Every step to the request's assignment.
    public func trace(
        for request: RequestAttributes,
        requestID: String,
        clientEffort: String?
    ) -> AssignmentTrace {
        AssignmentTrace(of: self, request, requestID: requestID, clientEffort: clientEffort)
    }
}
