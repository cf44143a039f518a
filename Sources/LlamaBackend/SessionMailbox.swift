internal import ModelExecutor
internal import Synchronization

/// What clients want of a session, until its loop takes it: between two batches, never during one.
///
/// Bounded: submissions past the limit are refused where they are made. Cancellations need no limit, for each
/// submission has at most one here.
final class SessionMailbox: Sendable {
    struct Submission: Sendable {
        var id: UInt64
        var request: GenerationRequest
        var prompt: [Token]
        var continuation: GenerationStream.Continuation
        var compute: FinalCompute
    }

    struct Contents: Sendable {
        var submissions: [Submission] = []
        var cancellations: Set<UInt64> = []
    }

    enum Receipt: Sendable {
        case accepted(UInt64)
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

    /// Leaves a request, which is cancelled when its stream is let go of.
    func submit(
        _ request: GenerationRequest,
        prompt: [Token],
        _ continuation: GenerationStream.Continuation,
        _ compute: FinalCompute
    ) -> Receipt {
        let receipt: Receipt = state.withLock { state in
            if state.isClosed { return .closed }
            if state.contents.submissions.count >= limit { return .full(limit: limit) }
            let id = state.nextID
            state.nextID += 1
            state.contents.submissions.append(
                Submission(
                    id: id,
                    request: request,
                    prompt: prompt,
                    continuation: continuation,
                    compute: compute
                )
            )
            return .accepted(id)
        }
        if case .accepted(let id) = receipt {
            // Outside the lock: the handler runs at once where the stream is already gone.
            continuation.onTermination = { [weak self] reason in
                if case .cancelled = reason { self?.cancel(id) }
            }
            arrival.yield()
        }
        return receipt
    }

    func cancel(_ id: UInt64) {
        state.withLock { _ = $0.contents.cancellations.insert(id) }
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

extension SessionMailbox.Submission {
    /// Passes on what became of the request.
    func tell(_ content: Emission.Content) {
        switch content {
        case .event(let event):
            if case .finished(let result) = event { compute.settle(result.compute) }
            continuation.yield(event)
        case .failed(let error, let spent):
            compute.settle(spent)
            continuation.finish(throwing: error)
        }
    }

    func fail(_ error: ExecutorError) {
        compute.settle(error.compute)
        continuation.finish(throwing: error)
    }
}
