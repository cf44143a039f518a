/// A share of requests that also run in another mode, when they are over and unseen by their clients.
public struct ShadowRule: Sendable, Hashable {
    public let mode: Mode
    /// Of the requests of those arms.
    public let share: Share
    /// Whose requests it takes, in order.
    public let arms: [ArmID]

    public init(mode: Mode, share: Share, arms: [ArmID]) {
        self.mode = mode
        self.share = share
        self.arms = arms
    }
}

/// What a policy's shadow has to do with a request.
public enum Shadowing: Sendable, Hashable {
    /// The policy has no shadow.
    case none
    /// The request counts for nothing in the comparison of arms, so it would for nothing here.
    case excluded
    case otherArm
    /// The request is served in the shadow's mode: there is nothing to compare.
    case sameMode
    /// The request is one of those of which the rule takes its share.
    case eligible(ShadowRule)
}

extension SplitPolicy {
    static let shadowLabel = "shadow:sample"

    public func shadowing(of assignment: Assignment) -> Shadowing {
        guard let shadow else { return .none }
        guard assignment.excludedBecause == nil else { return .excluded }
        guard shadow.arms.contains(assignment.arm.id) else { return .otherArm }
        return assignment.served == shadow.mode ? .sameMode : .eligible(shadow)
    }

    /// The mode in which the request also runs; nil for one that has no shadow.
    ///
    /// By the request's id: which requests are taken has nothing to do with subject and arm, and can be told afterwards
    /// too.
    public func shadowMode(of assignment: Assignment, requestID: String) -> Mode? {
        guard case .eligible(let shadow) = shadowing(of: assignment) else { return nil }
        let bucket = HashBucket(salt: salt, label: Self.shadowLabel).index(of: requestID)
        return bucket < shadow.share.basisPoints ? shadow.mode : nil
    }
}
