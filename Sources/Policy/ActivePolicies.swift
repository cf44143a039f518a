internal import Synchronization

/// The policies in force: read on every request, replaced as a whole.
///
/// A reader holds the lock for the copy of one reference, so it never waits for a reload. Whoever keeps
/// the returned set keeps that version for the life of its request.
public final class ActivePolicies: Sendable {
    private let state: Mutex<PolicySet>

    public init(_ policies: PolicySet) {
        state = Mutex(policies)
    }

    public var current: PolicySet {
        state.withLock { $0 }
    }

    public func replace(with policies: PolicySet) {
        state.withLock { $0 = policies }
    }
}
