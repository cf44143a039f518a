/// The policies of one folder, in the order in which they are asked.
public struct PolicySet: Sendable, Hashable {
    /// By rising priority number; no two are equal.
    public let policies: [SplitPolicy]
    /// What is allowed and looks like a mistake: policies that no request can reach.
    ///
    /// They are no reason to refuse the folder, because hiding every other policy behind one that covers
    /// everything is how an operator stops an experiment in a hurry.
    public let warnings: [PolicyProblem]
    /// The documents as they were written, in order of their names.
    public let files: [PolicyFile]
    private let fileOf: [PolicyID: PolicyFile]

    /// Puts valid documents in order; throws when two have one name or one priority.
    ///
    /// - Parameter documents: each policy with the name of its file, whose text is the normal form.
    public init(_ documents: [(file: String, policy: SplitPolicy)]) throws(PolicyProblems) {
        try self.init(
            documents.map { (PolicyFile(name: $0.file, bytes: Array($0.policy.source.utf8)), $0.policy) }
        )
    }

    /// - Parameter documents: each policy with the file it was read from.
    init(_ documents: [(file: PolicyFile, policy: SplitPolicy)]) throws(PolicyProblems) {
        let sorted = documents.sorted {
            ($0.policy.priority, $0.file.name) < ($1.policy.priority, $1.file.name)
        }
        let problems = PolicySet.duplicates(documents) + PolicySet.ties(sorted)
        guard problems.isEmpty else { throw PolicyProblems(problems) }
        policies = sorted.map(\.policy)
        warnings = PolicySet.hidden(sorted)
        files = documents.map(\.file).sorted { $0.name < $1.name }
        fileOf = Dictionary(uniqueKeysWithValues: documents.map { ($0.policy.id, $0.file) })
    }

    /// The same policies with other shares: a change that keeps name, priority and match, and so the order.
    public func mapping(_ change: (SplitPolicy) -> SplitPolicy) -> PolicySet {
        PolicySet(self, policies: policies.map(change))
    }

    private init(_ set: PolicySet, policies: [SplitPolicy]) {
        self.policies = policies
        warnings = set.warnings
        files = set.files
        fileOf = set.fileOf
    }

    /// The first policy that covers the request; nil when none does.
    ///
    /// - Parameter requestID: what stands in for the subject where nothing names one.
    public func policy(for request: RequestAttributes, requestID: String) -> SplitPolicy? {
        policies.first { $0.covers(request, requestID: requestID) }
    }

    /// The policy of that name.
    public func policy(named id: PolicyID) -> SplitPolicy? {
        policies.first { $0.id == id }
    }

    /// Each policy by the document that it was read from.
    var policyByFile: [PolicyFile: SplitPolicy] {
        let pairs = policies.compactMap { policy in fileOf[policy.id].map { ($0, policy) } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// The document of the policy of that name, as it was written.
    public func file(of id: PolicyID) -> PolicyFile? { fileOf[id] }

    private static func duplicates(_ all: [(file: PolicyFile, policy: SplitPolicy)]) -> [PolicyProblem] {
        var files: [PolicyID: PolicyFile] = [:]
        var problems: [PolicyProblem] = []
        for (file, policy) in all {
            guard let first = files.updateValue(file, forKey: policy.id) else { continue }
            problems.append(
                PolicyProblem(
                    file: file.name,
                    path: "policy",
                    message: "the name \(policy.id) is taken by \(first.name)",
                    fix: "give each document a name of its own"
                )
            )
        }
        return problems
    }

    private static func ties(_ sorted: [(file: PolicyFile, policy: SplitPolicy)]) -> [PolicyProblem] {
        zip(sorted, sorted.dropFirst()).filter { $0.policy.priority == $1.policy.priority }.map {
            first,
            second in
            PolicyProblem(
                file: second.file.name,
                path: "priority",
                message: "priority \(second.policy.priority) is also that of \(first.file.name), "
                    + "so neither comes first",
                fix: "give one of them another number; the lowest is asked first"
            )
        }
    }

    private static func hidden(_ sorted: [(file: PolicyFile, policy: SplitPolicy)]) -> [PolicyProblem] {
        sorted.enumerated().compactMap { index, entry in
            let earlier = sorted.prefix(index).first {
                $0.policy.priority < entry.policy.priority && $0.policy.hides(entry.policy)
            }
            guard let earlier else { return nil }
            return PolicyProblem(
                file: entry.file.name,
                path: "match",
                message:
                    "no request can reach this policy: \(earlier.file.name) is asked first and covers them all",
                fix: earlier.policy.priority > 0
                    ? "give this policy a priority below \(earlier.policy.priority), or match fewer requests there"
                    : "give \(earlier.file.name) a higher priority number, or match fewer requests there"
            )
        }
    }
}
