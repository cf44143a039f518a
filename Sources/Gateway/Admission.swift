internal import Synchronization

/// Counts the chat requests in progress and turns away those past the limit before anything is spent on them.
final class Admission: Sendable {
    private let limit: Int
    private let retryAfterSeconds: Int
    private let inProgress = Mutex(0)

    init(limits: GatewayLimits) {
        limit = limits.concurrentRequests
        retryAfterSeconds = limits.retryAfterSeconds
    }

    func enter() throws(GatewayError) {
        let isAdmitted = inProgress.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { throw .overloaded(limit: limit, retryAfterSeconds: retryAfterSeconds) }
    }

    func leave() {
        inProgress.withLock { count in
            precondition(count > 0, "\(count) requests in progress and one more leaves")
            count -= 1
        }
    }

    var count: Int { inProgress.withLock { $0 } }
}

/// Whether this gateway wants traffic, as `/readyz` tells a load balancer.
final class Readiness: Sendable {
    enum State: Sendable, Hashable { case starting, ready, draining }

    private let current = Mutex(State.starting)

    var state: State { current.withLock { $0 } }

    /// Draining is for good: a listener that comes up after the shutdown began does not undo it.
    func becomeReady() {
        current.withLock { if $0 == .starting { $0 = .ready } }
    }

    func drain() {
        current.withLock { $0 = .draining }
    }
}
