internal import Synchronization

/// What a commit tells whoever waited for it; receipts are empty unless outcomes were written.
typealias CommitReply = Result<[OutcomeReceipt], StoreError>

/// One write and whoever waits for it.
struct PendingWrite: Sendable {
    enum Work: Sendable {
        case open(AssignmentRecord)
        case close(CompletionRecord)
        case outcomes([OutcomeRecord])
        case change(InForceChange)
        case openShadow(ShadowOpening)
        case closeShadow(ShadowCompletion)
    }

    let work: Work
    let ticket: Ticket

    /// Outcomes come in batches, so they are counted one by one; every other write is about one row.
    var outcomes: Int {
        if case .outcomes(let outcomes) = work { outcomes.count } else { 0 }
    }

    var isCompletion: Bool {
        switch work {
        case .close, .closeShadow: true
        case .open, .outcomes, .change, .openShadow: false
        }
    }
}

/// Where the writer leaves its reply and one caller waits for it, in either order.
final class Ticket: Sendable {
    private enum State {
        case unanswered
        case awaited(CheckedContinuation<CommitReply, Never>)
        case answered(CommitReply)
    }

    private let state = Mutex(State.unanswered)

    func answer(_ reply: CommitReply) {
        let waiter = state.withLock { state -> CheckedContinuation<CommitReply, Never>? in
            defer { state = .answered(reply) }
            if case .awaited(let waiter) = state { return waiter }
            return nil
        }
        waiter?.resume(returning: reply)
    }

    func reply() async -> CommitReply {
        if case .answered(let reply) = state.withLock({ $0 }) { return reply }
        return await withCheckedContinuation { waiter in
            let reply = state.withLock { state -> CommitReply? in
                switch state {
                case .unanswered:
                    state = .awaited(waiter)
                    return nil
                case .awaited:
                    preconditionFailure("two callers wait for one commit")
                case .answered(let reply):
                    return reply
                }
            }
            if let reply { waiter.resume(returning: reply) }
        }
    }
}

/// The bounded list that callers append to and the writer empties.
///
/// `append` says whether the writer must be woken: only when it was idle, so that a busy writer costs
/// its callers one lock and no hop.
final class CommitQueue: Sendable {
    enum Admission: Hashable { case wake, queued, full(limit: Int), stopped }

    private struct State {
        var writes: [PendingWrite] = []
        var outcomes = 0
        var isWriterAwake = false
        var isStopped = false
    }

    private let limit: Int
    private let outcomeLimit: Int
    private let state = Mutex(State())

    init(limit: Int, outcomeLimit: Int) {
        self.limit = limit
        self.outcomeLimit = outcomeLimit
    }

    func append(_ write: PendingWrite) -> Admission {
        state.withLock { state in
            if state.isStopped { return .stopped }
            // A completion is never refused, for its request would stay open; there is at most one for each request
            // that was let in, and one for its shadow.
            if state.writes.count >= limit, !write.isCompletion { return .full(limit: limit) }
            if state.outcomes + write.outcomes > outcomeLimit { return .full(limit: outcomeLimit) }
            state.outcomes += write.outcomes
            state.writes.append(write)
            if state.isWriterAwake { return .queued }
            state.isWriterAwake = true
            return .wake
        }
    }

    /// Everything that has arrived; when that is nothing, the writer counts as idle from here on.
    func takeAll() -> [PendingWrite] {
        state.withLock { state in
            var taken: [PendingWrite] = []
            swap(&taken, &state.writes)
            state.outcomes = 0
            if taken.isEmpty { state.isWriterAwake = false }
            return taken
        }
    }

    /// Refuses everything from here on; what is queued stays queued. False if it was stopped before.
    func stop() -> Bool {
        state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
    }
}
