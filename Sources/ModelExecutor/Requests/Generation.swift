import Synchronization

/// The events of one request; the error that ends it early is an `ExecutorError`.
public typealias GenerationStream = AsyncThrowingStream<GenerationEvent, any Error>

/// One request in the hands of a backend: what it tells, and a way to end it early and still learn what it cost.
///
/// Iterating it iterates its events, once. Letting go of it cancels the request and frees its memory at once.
public struct Generation: Sendable, AsyncSequence {
    public let events: GenerationStream
    private let end: @Sendable () async -> Compute

    /// - Parameter cancel: what `cancel()` does; it must not hold on to the stream.
    public init(events: GenerationStream, cancel: @escaping @Sendable () async -> Compute) {
        self.events = events
        end = cancel
    }

    public func makeAsyncIterator() -> GenerationStream.AsyncIterator { events.makeAsyncIterator() }

    /// Ends the request within one decode step, unless it is over, and returns what it has cost.
    ///
    /// The events then end with `ExecutorError.cancelled`. The cost is not left to that error alone: a task that is
    /// being cancelled reads no stream to its end, and it is the one that has to know.
    @discardableResult
    public func cancel() async -> Compute { await end() }
}

/// What one request cost in the end, from whoever ends it to whoever asks, in either order.
///
/// Waiting for it is not cut short by cancellation, so whoever starts a request has to settle it.
public final class FinalCompute: Sendable {
    private struct State {
        var compute: Compute?
        var waiters: [CheckedContinuation<Compute, Never>] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// Only the first call counts.
    public func settle(_ compute: Compute) {
        let waiters = state.withLock { state in
            if state.compute == nil { state.compute = compute }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: compute) }
    }

    public func value() async -> Compute {
        await withCheckedContinuation { waiter in
            let compute = state.withLock { state in
                if state.compute == nil { state.waiters.append(waiter) }
                return state.compute
            }
            if let compute { waiter.resume(returning: compute) }
        }
    }
}
