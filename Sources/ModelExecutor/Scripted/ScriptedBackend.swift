import Synchronization

/// A backend without a model: canned thinking, scores and answers, the same for the same prompt and seed.
///
/// For measuring the gateway alone and for exercising it without a model file. It costs microseconds, keeps the
/// order of events of the real thing, and does what `ScriptedDirectives` in the last user message ask for.
public struct ScriptedBackend: GenerationBackend {
    public let model: ModelDescription
    private let now: @Sendable () -> ContinuousClock.Instant
    private let sleep: @Sendable (Duration) async throws -> Void

    public init(
        name: String = "default",
        contextTokens: Int = 4096,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = {
            try await ContinuousClock().sleep(for: $0)
        }
    ) {
        model = ModelDescription(
            name: name,
            contextTokens: contextTokens,
            scored: true,
            thinks: true,
            parameterCount: nil,
            digest: "scripted"
        )
        self.now = now
        self.sleep = sleep
    }

    /// Nothing runs ahead of the reader: each event is made when it is asked for, so leaving needs no clean-up.
    public func generate(_ request: GenerationRequest) -> Generation {
        let prompt = request.messages.last { $0.role == .user }?.content ?? ""
        let directives = ScriptedDirectives(prompt, k: request.effort.k)
        let cursor = Cursor(
            ScriptedGeneration(request, directives: directives, contextTokens: model.contextTokens),
            directives: directives,
            deadline: request.deadline,
            now: now,
            sleep: sleep
        )
        let events = GenerationStream { try await cursor.next() }
        return Generation(events: events) { cursor.cancel() }
    }

    /// Where one reader is in its generation.
    private final class Cursor: Sendable {
        private struct State {
            var position = 0
            var isCancelled = false
            var sleeper: AsyncStream<Never>.Continuation?
        }

        private let generation: ScriptedGeneration
        private let directives: ScriptedDirectives
        private let deadline: ContinuousClock.Instant?
        private let submitted: ContinuousClock.Instant
        private let now: @Sendable () -> ContinuousClock.Instant
        private let sleep: @Sendable (Duration) async throws -> Void
        private let state = Mutex(State())

        init(
            _ generation: ScriptedGeneration,
            directives: ScriptedDirectives,
            deadline: ContinuousClock.Instant?,
            now: @escaping @Sendable () -> ContinuousClock.Instant,
            sleep: @escaping @Sendable (Duration) async throws -> Void
        ) {
            self.generation = generation
            self.directives = directives
            self.deadline = deadline
            submitted = now()
            self.now = now
            self.sleep = sleep
        }

        func next() async throws -> GenerationEvent? {
            let index = state.withLock { $0.position }
            let wait = generation.wait(before: index, directives: directives)
            if wait > .zero {
                let left = deadline.map { now().duration(to: $0) } ?? wait
                try await pause(min(wait, max(left, .zero)))
            }
            if state.withLock({ $0.isCancelled }) {
                throw ExecutorError.cancelled(generation.spent(at: index))
            }
            if let deadline, deadline <= now() {
                throw ExecutorError.deadlineExceeded(generation.spent(at: index))
            }
            let event = try generation.event(index, elapsed: { submitted.duration(to: now()) })
            state.withLock { $0.position += 1 }
            return event
        }

        func cancel() -> Compute {
            let (position, sleeper) = state.withLock { state in
                state.isCancelled = true
                return (state.position, state.sleeper)
            }
            sleeper?.finish()
            return generation.spent(at: position)
        }

        /// Returns when the time is over or the request is cancelled.
        private func pause(_ duration: Duration) async throws {
            // It never carries an element: its end is the message.
            let (cancellation, sleeper) = AsyncStream.makeStream(
                of: Never.self,
                bufferingPolicy: .bufferingOldest(1)
            )
            let isCancelled = state.withLock { state in
                state.sleeper = sleeper
                return state.isCancelled
            }
            if isCancelled { return }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.sleep(duration) }
                group.addTask { for await _ in cancellation {} }
                try await group.next()
                group.cancelAll()
            }
            try Task.checkCancellation()
        }
    }
}

/// What a prompt may ask of the scripted backend, as words that begin with `#`.
///
/// `#delay=50` waits 50 ms before the first event, `#pause=5` before each piece of the answer;
/// `#fail=queue_full`, `prompt_too_long`, `needs_head`, `deadline` or `model` fails at once; `#break` fails after
/// the first piece of the answer; `#length` ends the answer by length; `#answer=24` is what is answered. What stands
/// after `#from=8` counts only in requests of at least 8 candidates: a fault in one arm.
public struct ScriptedDirectives: Sendable, Hashable {
    public var delay = Duration.zero
    public var pause = Duration.zero
    public var failure: ExecutorError?
    public var breaksMidway = false
    public var endsByLength = false
    public var answer: String?

    public init(_ prompt: String, k: Int) {
        guard prompt.utf8.contains(UInt8(ascii: "#")) else { return }
        let words = prompt.split(whereSeparator: \.isWhitespace).filter { $0.first == "#" }
        for word in words {
            let parts = word.dropFirst().split(separator: "=", maxSplits: 1)
            let value = parts.count == 2 ? String(parts[1]) : ""
            if parts.first == "from", k < Int(value) ?? 0 { return }
            switch parts.first {
            case "delay": delay = .milliseconds(Int(value) ?? 0)
            case "pause": pause = .milliseconds(Int(value) ?? 0)
            case "fail": failure = Self.failure(value)
            case "break": breaksMidway = true
            case "length": endsByLength = true
            case "answer": answer = value
            default: break
            }
        }
    }

    private static func failure(_ name: String) -> ExecutorError? {
        switch name {
        case "queue_full": .queueFull(limit: 256)
        case "prompt_too_long": .promptTooLong(tokens: 10_000, limit: 4095)
        case "needs_head": .needsHead("selection best_score")
        case "deadline": .deadlineExceeded(.zero)
        case "model": .modelFailed("scripted failure")
        default: nil
        }
    }
}
