internal import ModelExecutor
internal import Synchronization

/// What clients want of a session, until its loop takes it: between two batches, never during one.
///
/// Bounded: submissions past the limit are refused where they are made. Cancellations need no limit, for
/// there is at most one for each submission.
final class SessionMailbox: Sendable {
    struct Submission: Sendable {
        var id: UInt64
        var request: GenerationRequest
        var prompt: [Token]
        var continuation: GenerationStream.Continuation
    }

    struct Contents: Sendable {
        var submissions: [Submission] = []
        var cancellations: [UInt64] = []
    }

    enum Refusal: Sendable {
        case full(limit: Int)
        case closed
    }

    private struct State {
        var contents = Contents()
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int
    /// Yields once when there may be something to take; ends when the mailbox is closed.
    let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    init(limit: Int) {
        self.limit = limit
        // One pending wake-up stands for any number of arrivals.
        (arrivals, arrival) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Leaves a request; nil when it was accepted. Its cancellation is wired to the continuation's end.
    func submit(
        _ request: GenerationRequest,
        prompt: [Token],
        _ continuation: GenerationStream.Continuation
    ) -> Refusal? {
        var accepted: UInt64?
        let refusal: Refusal? = state.withLock { state in
            if state.isClosed { return .closed }
            if state.contents.submissions.count >= limit { return .full(limit: limit) }
            let id = state.nextID
            state.nextID += 1
            state.contents.submissions.append(
                Submission(id: id, request: request, prompt: prompt, continuation: continuation)
            )
            accepted = id
            return nil
        }
        if let id = accepted {
            // Outside the lock: the handler runs at once where the stream is already gone.
            continuation.onTermination = { [weak self] reason in
                if case .cancelled = reason { self?.cancel(id) }
            }
            arrival.yield()
        }
        return refusal
    }

    private func cancel(_ id: UInt64) {
        state.withLock { $0.contents.cancellations.append(id) }
        arrival.yield()
    }

    /// Everything that has arrived since the last time, in order.
    func take() -> Contents {
        state.withLock { state in
            defer { state.contents = Contents() }
            return state.contents
        }
    }

    /// Refuses everything from now on; what was accepted can still be taken.
    func close() {
        state.withLock { $0.isClosed = true }
        arrival.finish()
    }
}
