internal import Synchronization

/// What a gateway takes only so much of.
public enum Load: String, Sendable, Hashable {
    case requests = "requests in progress"
    case outcomes = "requests with outcomes in progress"
    case bodyBytes = "bytes of bodies on their way"
}

/// Counts one kind of load and turns away what would pass its limit before anything is spent on it.
final class Admission: Sendable {
    private let load: Load
    private let limit: Int
    private let retryAfterSeconds: Int
    private let inProgress = Mutex(0)

    init(_ load: Load, limit: Int, retryAfterSeconds: Int) {
        self.load = load
        self.limit = limit
        self.retryAfterSeconds = retryAfterSeconds
    }

    func enter(_ amount: Int = 1) throws(GatewayError) {
        let isAdmitted = inProgress.withLock { count in
            guard count + amount <= limit else { return false }
            count += amount
            return true
        }
        guard isAdmitted else {
            throw .overloaded(load, limit: limit, retryAfterSeconds: retryAfterSeconds)
        }
    }

    func leave(_ amount: Int = 1) {
        inProgress.withLock { count in
            precondition(count >= amount, "\(count) \(load.rawValue) and \(amount) leave")
            count -= amount
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
