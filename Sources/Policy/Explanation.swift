/// What a folder of policies does with a request, and why.
public struct Explanation: Sendable, Hashable {
    /// A policy and what kept it from covering the request.
    public struct Asked: Sendable, Hashable {
        public let policy: PolicyID
        public let version: PolicyVersion
        public let priority: Int
        public let unmet: [UnmetCondition]

        public var covers: Bool { unmet.isEmpty }

        init(_ policy: SplitPolicy, _ request: RequestAttributes) {
            self.policy = policy.id
            version = policy.version
            priority = policy.priority
            unmet = policy.match.unmet(by: request)
        }
    }

    /// In order: those that pass the request by, and the one that covers it where there is one.
    public let asked: [Asked]
    /// The policy that covers the request; nil when none does.
    public let decider: PolicyID?
    /// The policy whose assignment is traced, whether or not it covers the request; nil when none covers it and
    /// none was named.
    public let explained: Asked?
    /// What the explained policy does with the request.
    ///
    /// Where `source` is `request`, the subject is empty and stands for any request's own: each draws anew.
    public let trace: AssignmentTrace?

    init(
        _ policies: PolicySet,
        _ request: RequestAttributes,
        clientEffort: String?,
        naming named: SplitPolicy?
    ) {
        let covering = policies.policy(for: request)
        let last = policies.policies.firstIndex { $0.id == covering?.id } ?? policies.policies.count - 1
        asked = policies.policies.prefix(last + 1).map { Asked($0, request) }
        decider = covering?.id
        let policy = named ?? covering
        explained = policy.map { Asked($0, request) }
        trace = policy?.trace(for: request, requestID: "", clientEffort: clientEffort)
    }

    /// Whether the explained policy is the one that would get the request.
    public var isDecisive: Bool { explained.map { $0.policy == decider } ?? false }
}

extension PolicySet {
    /// - Parameter named: the policy to explain in place of the one that covers the request.
    public func explanation(
        of request: RequestAttributes,
        clientEffort: String?,
        naming named: SplitPolicy? = nil
    ) -> Explanation {
        Explanation(self, request, clientEffort: clientEffort, naming: named)
    }
}
