/// Why a request counts for nothing in the comparison of arms.
public enum Exclusion: String, Sendable, Hashable, CaseIterable {
    /// An override chose the arm.
    case override
    /// The client's own effort replaced the arm's mode.
    case clientEffort = "client_effort"
    /// The client tried before with the same idempotency key, and that attempt counts.
    case retry
}

/// Which arm of which policy version a request belongs to, and the mode that serves it.
public struct Assignment: Sendable, Hashable {
    public let policy: PolicyID
    public let version: PolicyVersion
    public let arm: Arm
    /// The mode of the arm.
    public let assigned: Mode
    /// The mode to serve: the assigned one, unless the client's effort replaced it.
    public let served: Mode
    public let subject: SubjectID
    public let subjectSource: SubjectSource
    /// Nil for a request that counts.
    public let excludedBecause: Exclusion?

    public init(
        policy: PolicyID,
        version: PolicyVersion,
        arm: Arm,
        served: Mode,
        subject: SubjectID,
        subjectSource: SubjectSource,
        excludedBecause: Exclusion?
    ) {
        self.policy = policy
        self.version = version
        self.arm = arm
        assigned = arm.mode
        self.served = served
        self.subject = subject
        self.subjectSource = subjectSource
        self.excludedBecause = excludedBecause
    }
}

/// Why a policy that covers a request gives it no arm.
public enum AssignmentRefusal: Error, Sendable, Hashable {
    case subjectMissing(policy: PolicyID, sources: [SubjectSource])
    case unknownEffort(String)
}

extension AssignmentRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .subjectMissing(let policy, let sources):
            let names = sources.map(\.description).joined(separator: ", ")
            return "policy \(policy) needs a subject and the request names none; send one of: \(names)"
        case .unknownEffort(let effort):
            let names = ReasoningEffort.allCases.map(\.rawValue).joined(separator: ", ")
            return "reasoning_effort \"\(effort.prefix(40))\" is not known; send one of: \(names)"
        }
    }
}

extension SplitPolicy {
    /// The request's arm: the first satisfied override's, otherwise the one its subject hashes to.
    ///
    /// An override settles the mode too: the client's effort then changes nothing.
    ///
    /// - Parameters:
    ///   - requestID: the request's own id, or for a retry that of the first attempt: it is the subject where nothing
    ///     else is.
    ///   - clientEffort: the request's own `reasoning_effort`, if it has one.
    ///   - retriedArm: for a retry, the arm of the first attempt, which is kept as long as the policy has it.
    public func assignment(
        for request: RequestAttributes,
        requestID: String,
        clientEffort: String?,
        retriedArm: ArmID? = nil
    ) throws(AssignmentRefusal) -> Assignment {
        let first = try trace(for: request, requestID: requestID, clientEffort: clientEffort).result.get()
        guard let retriedArm else { return first }
        return retry(first, in: arm(retriedArm) ?? first.arm, clientEffort: clientEffort)
    }

    private func retry(_ assignment: Assignment, in arm: Arm, clientEffort: String?) -> Assignment {
        let effort = clientEffort.flatMap { ReasoningEffort(rawValue: $0) }
        return Assignment(
            policy: id,
            version: version,
            arm: arm,
            served: assignment.excludedBecause == .override
                ? arm.mode : mode(for: effort, assigned: arm.mode),
            subject: assignment.subject,
            subjectSource: assignment.subjectSource,
            excludedBecause: .retry
        )
    }

    /// Whether the client's effort would change the mode of any arm.
    ///
    /// Of any, not of the request's own: a request for low effort counted in arm low and dropped from arm medium
    /// would make the arms' populations differ by what clients ask for.
    func matters(_ effort: ReasoningEffort?) -> Bool {
        arms.contains { mode(for: effort, assigned: $0.mode) != $0.mode }
    }

    func mode(for effort: ReasoningEffort?, assigned: Mode) -> Mode {
        guard let wanted = effort?.mode else { return assigned }
        switch clientEffort {
        case .ignore: return assigned
        case .honour: return wanted
        case .cap: return wanted.k < assigned.k ? wanted : assigned
        }
    }
}
