internal import Synchronization

/// The bounded list of shadows that wait, in memory only, in the order of their requests' ends.
final class ShadowQueue: Sendable {
    private struct State {
        var waiting: [Shadow] = []
        /// Takers that found nothing; there are none while anything waits.
        var takers: [CheckedContinuation<Shadow?, Never>] = []
        var isStopped = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { state.withLock { $0.waiting.count } }

    /// False if there is no room, or no more to come.
    func offer(_ shadow: Shadow) -> Bool {
        let (isTaken, taker) = state.withLock { state -> (Bool, CheckedContinuation<Shadow?, Never>?) in
            if state.isStopped { return (false, nil) }
            if !state.takers.isEmpty { return (true, state.takers.removeFirst()) }
            guard state.waiting.count < limit else { return (false, nil) }
            state.waiting.append(shadow)
            return (true, nil)
        }
        taker?.resume(returning: shadow)
        return isTaken
    }

    /// The next one, once there is one; nil when the queue has stopped.
    func take() async -> Shadow? {
        await withCheckedContinuation { taker in
            let next = state.withLock { state -> Shadow?? in
                if state.isStopped { return .some(nil) }
                if !state.waiting.isEmpty { return state.waiting.removeFirst() }
                state.takers.append(taker)
                return nil
            }
            if let next { taker.resume(returning: next) }
        }
    }

    /// Gives out and takes in nothing more; returns what waited.
    func stop() -> [Shadow] {
        let (left, takers) = state.withLock { state in
            defer { state = State(isStopped: true) }
            return (state.waiting, state.takers)
        }
        for taker in takers { taker.resume(returning: nil) }
        return left
    }
}
