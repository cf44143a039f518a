/// What a folder of policies does with a request, and why.
public struct Explanation: Sendable, Hashable {
    /// A policy and what kept it from covering the request.
    public struct Asked: Sendable, Hashable {
        public let policy: PolicyID
        public let version: PolicyVersion
        public let priority: Int
        public let file: String
        public let unmet: [UnmetCondition]
        /// What the part of the traffic that the policy takes means for the request; nil where it takes all.
        public let traffic: TrafficDraw?

        /// Whether the request is the policy's if no other is asked first; true also where only each request's own id
        /// can tell.
        public var covers: Bool { unmet.isEmpty }
        /// Whether it covers the request without a doubt.
        var isCertain: Bool { covers && traffic.map { $0.isAdmitted == true } ?? true }

        init(_ policy: SplitPolicy, in file: String, _ request: RequestAttributes) {
            self.policy = policy.id
            version = policy.version
            priority = policy.priority
            self.file = file
            let draw = policy.traffic(request)
            let missed = draw.flatMap { $0.isAdmitted == false ? [UnmetCondition.traffic($0)] : nil }
            unmet = policy.match.unmet(by: request) + (missed ?? [])
            traffic = draw
        }
    }

    /// In order, up to the one that is sure to cover the request: those that pass it by, or may.
    public let asked: [Asked]
    /// The first policy that covers the request; nil when none does.
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
        func asked(_ policy: SplitPolicy) -> Asked {
            Asked(policy, in: policies.file(of: policy.id)?.name ?? "", request)
        }
        var row: [Asked] = []
        for policy in policies.policies where row.last?.isCertain != true { row.append(asked(policy)) }
        self.asked = row
        decider = row.first(where: \.covers)?.policy
        let policy = named ?? decider.flatMap { policies.policy(named: $0) }
        explained = policy.map(asked)
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
