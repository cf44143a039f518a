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
    public func generate(_ request: GenerationRequest) -> GenerationStream {
        let directives = ScriptedDirectives(request.messages.last { $0.role == .user }?.content ?? "")
        let cursor = Cursor(
            ScriptedGeneration(request, directives: directives, contextTokens: model.contextTokens),
            submitted: now()
        )
        return AsyncThrowingStream { [now, sleep] in
            try await cursor.next(directives: directives, deadline: request.deadline, now: now, sleep: sleep)
        }
    }

    /// Where one reader is in its generation.
    private final class Cursor: Sendable {
        private let generation: ScriptedGeneration
        private let submitted: ContinuousClock.Instant
        private let position = Mutex(0)

        init(_ generation: ScriptedGeneration, submitted: ContinuousClock.Instant) {
            self.generation = generation
            self.submitted = submitted
        }

        func next(
            directives: ScriptedDirectives,
            deadline: ContinuousClock.Instant?,
            now: @Sendable () -> ContinuousClock.Instant,
            sleep: @Sendable (Duration) async throws -> Void
        ) async throws -> GenerationEvent? {
            let index = position.withLock { position in
                defer { position += 1 }
                return position
            }
            let wait = generation.wait(before: index, directives: directives)
            if wait > .zero {
                let left = deadline.map { now().duration(to: $0) } ?? wait
                try await sleep(min(wait, max(left, .zero)))
            }
            if let deadline, deadline <= now() {
                throw ExecutorError.deadlineExceeded(generation.spent(at: index))
            }
            return try generation.event(index, elapsed: { submitted.duration(to: now()) })
        }
    }
}

/// What a prompt may ask of the scripted backend, as words that begin with `#`.
///
/// `#delay=50` waits 50 ms before the first event, `#pause=5` before each piece of the answer;
/// `#fail=queue_full`, `prompt_too_long`, `needs_head`, `deadline` or `model` fails at once; `#break` fails after
/// the first piece of the answer; `#length` ends the answer by length; `#answer=24` is what is answered.
public struct ScriptedDirectives: Sendable, Hashable {
    public var delay = Duration.zero
    public var pause = Duration.zero
    public var failure: ExecutorError?
    public var breaksMidway = false
    public var endsByLength = false
    public var answer: String?

    public init(_ prompt: String) {
        guard prompt.utf8.contains(UInt8(ascii: "#")) else { return }
        for word in prompt.split(whereSeparator: \.isWhitespace) where word.first == "#" {
            let parts = word.dropFirst().split(separator: "=", maxSplits: 1)
            let value = parts.count == 2 ? String(parts[1]) : ""
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
        case "needs_head": .needsHead(.bestScore)
        case "deadline": .deadlineExceeded(.zero)
        case "model": .modelFailed("scripted failure")
        default: nil
        }
    }
}
