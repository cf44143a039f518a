/// Names a request inside one `ContinuousBatch`.
public struct RequestHandle: Sendable, Hashable {
    let number: UInt64
}

/// Something that a request has to tell its client.
public struct Emission: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        case event(GenerationEvent)
        /// The request is over; nothing more comes for it.
        case failed(ExecutorError, spent: Compute)
    }

    public var request: RequestHandle
    public var content: Content

    /// Whether this is the last emission of its request.
    public var isLast: Bool {
        switch content {
        case .failed, .event(.finished): true
        case .event: false
        }
    }
}

/// What an operator may set about the batch.
public struct BatchSettings: Sendable, Hashable {
    /// One sequence and one cell in so many are left to requests that are yet to come.
    public static let newcomerPart = 16

    /// One sequence in so many is kept for small requests where larger ones compete with them.
    public static let smallPart = 4

    /// Requests that may wait for sequences; the next one is refused.
    public var queueLimit: Int
    /// Moves the highest running sequence into the lowest gap when candidates end, for models whose batches
    /// split at gaps between sequence numbers.
    public var compactsSequences: Bool

    public init(queueLimit: Int = 256, compactsSequences: Bool = false) {
        self.queueLimit = queueLimit
        self.compactsSequences = compactsSequences
    }
}

/// Decodes all candidates of all requests together, one batch per step.
///
/// A value without clock, thread or randomness of its own: the owner calls `step` as long as `hasWork` and
/// passes the emissions on. Time is the instant that the owner hands in, so durations are exact to one step.
public struct ContinuousBatch<Model: TokenModel> {
    public private(set) var model: Model
    private var board: Board

    public init(model: Model, settings: BatchSettings = BatchSettings()) {
        self.model = model
        board = Board(model: model, settings: settings)
    }

    /// Whether `step` has anything to do.
    public var hasWork: Bool { board.hasWork }

    /// Requests waiting for sequences.
    public var queuedRequests: Int { board.queuedRequests }

    /// Requests that hold sequences.
    public var runningRequests: Int { board.runningRequests }
    /// Candidates that are being decoded.
    public var runningCandidates: Int { board.runningCandidates }

    /// Key-value cells reserved by running requests and cached prompts, of `model.limits.cells`.
    public var reservedCells: Int { board.reservedCells }

    /// Those of them that hold prompts for later requests, and are given up where a request needs them.
    public var cachedCells: Int { board.prefixes.cells }

    /// How often prompts began as earlier ones did.
    public var prefixCounts: PrefixCounts { board.prefixes.counts }

    /// Queues the request, or throws what can be known to be wrong with it before it runs.
    public mutating func submit(
        _ request: GenerationRequest,
        now: ContinuousClock.Instant
    ) throws(ExecutorError) -> RequestHandle {
        try submit(request, prompt: model.prompt(for: request.messages), now: now)
    }

    /// Queues the request, whose messages the model's own `promptEncoder` turned into this prompt.
    public mutating func submit(
        _ request: GenerationRequest,
        prompt: [Token],
        now: ContinuousClock.Instant
    ) throws(ExecutorError) -> RequestHandle {
        try board.submit(request, prompt: prompt, to: model, now: now)
    }

    /// Ends the request, frees its sequences at once and returns what it had cost; nil if it is already over.
    @discardableResult
    public mutating func cancel(_ handle: RequestHandle) -> Compute? {
        board.cancel(handle, in: &model)
    }

    /// Decodes one batch over everybody's rows and returns what came of it, in order for each request.
    public mutating func step(now: ContinuousClock.Instant) -> [Emission] {
        board.step(&model, now: now)
    }
}
