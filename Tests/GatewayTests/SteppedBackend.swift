import ModelExecutor

/// A backend whose requests end only when a test says so, event by event.
///
/// The scripted backend that ships answers by itself; these tests need to stand between two events.
final class SteppedBackend: GenerationBackend {
    struct Call: Sendable {
        /// What a request has cost that is cancelled; one that is over has cost what its end said.
        static let spent = Compute(
            promptTokens: 9,
            candidateTokens: 40,
            scoredSteps: 5,
            cpu: .milliseconds(125)
        )

        let request: GenerationRequest
        private let events: GenerationStream.Continuation
        /// Yields once, when the request is cancelled or the consumer has stopped listening before the end.
        let cancellations: AsyncStream<Void>
        private let cancellation: AsyncStream<Void>.Continuation
        private let compute = FinalCompute()

        fileprivate init(_ request: GenerationRequest, _ events: GenerationStream.Continuation) {
            self.request = request
            self.events = events
            let (cancellations, sender) = AsyncStream.makeStream(
                of: Void.self,
                bufferingPolicy: .bufferingOldest(1)
            )
            self.cancellations = cancellations
            cancellation = sender
            events.onTermination = { termination in
                if case .cancelled = termination { sender.yield() }
                sender.finish()
            }
        }

        fileprivate func cancel() async -> Compute {
            cancellation.yield()
            fail(.cancelled(Self.spent))
            return await compute.value()
        }

        func send(_ event: GenerationEvent...) {
            for event in event { events.yield(event) }
        }

        func finish(_ result: GenerationResult = .sample()) {
            compute.settle(result.compute)
            events.yield(.finished(result))
            events.finish()
        }

        /// Ends without a result, as a backend with a defect might.
        func end() {
            compute.settle(.zero)
            events.finish()
        }

        func fail(_ error: ExecutorError) {
            compute.settle(error.compute)
            events.finish(throwing: error)
        }
    }

    let model = ModelDescription(
        name: "default",
        contextTokens: 4_096,
        scored: true,
        thinks: true,
        parameterCount: nil,
        digest: "stepped"
    )
    private let calls: AsyncStream<Call>
    private let sender: AsyncStream<Call>.Continuation
    private let answerAtOnce: (@Sendable (Call) -> Void)?

    /// - Parameter answerAtOnce: deals with each call as it comes, where a test has no need to step.
    init(answerAtOnce: (@Sendable (Call) -> Void)? = nil) {
        (calls, sender) = AsyncStream.makeStream(of: Call.self, bufferingPolicy: .unbounded)
        self.answerAtOnce = answerAtOnce
    }

    /// Answers every request with the sample result, all events included.
    static func complete(_ result: GenerationResult = .sample()) -> SteppedBackend {
        SteppedBackend { call in
            call.send(
                .prefilled(Prefilled(promptTokens: result.compute.promptTokens)),
                .candidateFinished(finished: 1, of: 2),
                .candidateFinished(finished: 2, of: 2),
                .selected(Selected(winner: result.winner, score: result.score, thinking: result.thinking))
            )
            for character in result.answer { call.send(.answer(String(character))) }
            call.finish(result)
        }
    }

    func generate(_ request: GenerationRequest) -> Generation {
        let (stream, events) = GenerationStream.makeStream(bufferingPolicy: .unbounded)
        let call = Call(request, events)
        if let answerAtOnce { answerAtOnce(call) } else { sender.yield(call) }
        return Generation(events: stream) { await call.cancel() }
    }

    func nextCall() async -> Call? {
        await calls.first { _ in true }
    }
}
