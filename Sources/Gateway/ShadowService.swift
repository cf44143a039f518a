public import Logging
public import ModelExecutor
internal import Policy
public import ServiceLifecycle
public import Store
public import Telemetry

/// Runs shadows one after another, a few at once: requests that are over, in a mode that nobody asked for.
///
/// They begin after the client's answer and its record, so a request's own latency can't hold theirs, and its prompt
/// is likely still kept. In the executor they run only while no client's request does. What can't be run is dropped
/// and counted; a shadow never waits for room with anything but its own patience, and its failure is nobody else's.
public struct ShadowService: Service {
    private let backend: any GenerationBackend
    private let store: RecordStore
    private let metrics: HeadgateMetrics
    private let limits: GatewayLimits
    private let seed: @Sendable () -> UInt64
    private let logger: Logger
    let queue: ShadowQueue
    /// Ends when no shadow may run any more.
    private let end: AsyncStream<Never>
    private let ender: AsyncStream<Never>.Continuation

    public init(
        backend: any GenerationBackend,
        store: RecordStore,
        metrics: HeadgateMetrics,
        limits: GatewayLimits = GatewayLimits(),
        seed: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        logger: Logger
    ) {
        self.backend = backend
        self.store = store
        self.metrics = metrics
        self.limits = limits
        self.seed = seed
        self.logger = logger
        let (queue, waiting) = (ShadowQueue(limit: limits.waitingShadows), metrics.shadows.waiting)
        self.queue = queue
        metrics.sample { waiting.set(queue.count) }
        (end, ender) = AsyncStream.makeStream(of: Never.self, bufferingPolicy: .bufferingOldest(1))
    }

    public func run() async throws {
        await withTaskGroup { group in
            for _ in 0..<limits.shadowsAtOnce { group.addTask { await work() } }
            group.addTask { for await _ in end {} }
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            stop()
            group.cancelAll()
        }
        // A service that ends before its turn takes the others down with it.
        try? await gracefulShutdown()
    }

    /// Queues what the policy wants run once more of a request that completed.
    func offer(_ exchange: Exchange, _ result: GenerationResult) {
        var base = backend.model.sampling
        base.seed = seed()
        guard let shadow = Shadow(of: exchange, result, base: base, now: .now) else { return }
        if !queue.offer(shadow) { drop(shadow) }
    }

    /// Drops what waits and cancels what runs, for good: a drain is for those who wait for answers.
    func stop() {
        for shadow in queue.stop() { drop(shadow) }
        ender.finish()
    }

    private func work() async {
        while let shadow = await queue.take() {
            if ContinuousClock.now - shadow.queued > limits.shadowPatience {
                drop(shadow)
            } else {
                await run(shadow)
            }
        }
    }

    private func drop(_ shadow: Shadow) {
        metrics.shadows.ended(.dropped, policy: shadow.policy.rawValue)
    }

    /// Runs one from its first row in the record to its last. Nothing begins that the record doesn't know of.
    private func run(_ shadow: Shadow) async {
        do {
            try await store.open(ShadowOpening(request: shadow.id, mode: shadow.mode))
        } catch {
            warn("shadow not recorded and not run", shadow, "\(error)")
            return drop(shadow)
        }
        let begun = ContinuousClock.now
        var request = shadow.request
        request.deadline = begun + limits.shadowDeadline
        let generation = backend.generate(request)
        let ending = await ending(of: generation)
        let spent = if let compute = ending.compute { compute } else { await generation.cancel() }
        var completion = ShadowCompletion(shadow, ending, spent: spent, latency: .now - begun)
        if let error = ending.error, completion.cause == .model || completion.cause == .other {
            warn("shadow not completed", shadow, "\(error)")
        }
        do {
            try await store.close(completion)
        } catch {
            warn("shadow's end not recorded", shadow, "\(error)")
            completion.state = .failed
        }
        metrics.shadows.ended(
            ShadowState(completion.state),
            candidateTokens: completion.compute.candidateTokens,
            policy: shadow.policy.rawValue
        )
    }

    private func ending(of generation: Generation) async -> Ending {
        var ending = Ending.failed(.backend("it ended without a result"))
        do {
            for try await case .finished(let result) in generation { ending = .finished(result) }
        } catch {
            ending = .failed(GatewayError(backend: error))
        }
        if case .finished = ending { return ending }
        return Task.isCancelled ? .shutDown : ending
    }

    private func warn(_ what: Logger.Message, _ shadow: Shadow, _ error: String) {
        logger.warning(what, metadata: ["request": "\(shadow.id)", "error": "\(error)"])
    }
}

extension ShadowCompletion {
    init(_ shadow: Shadow, _ ending: Ending, spent: Compute, latency: Duration) {
        let (state, cause) = CompletionRecord.terminalState(of: ending)
        self.init(
            request: shadow.id,
            state: state,
            cause: cause,
            latency: latency,
            compute: RecordedCompute(spent)
        )
        guard case .finished(let result) = ending else { return }
        queued = result.queued
        score = result.score
        agrees = shadow.agrees(with: result)
        // An answer that its deadline has hurried says nothing of the mode.
        if result.stoppedBy == .deadline { self.state = .deadline }
    }
}

extension ShadowState {
    init(_ state: TerminalState) {
        switch state {
        case .completed: self = .completed
        case .deadline: self = .deadline
        case .rejected: self = .rejected
        // Nobody is there who could go away.
        case .clientGone, .failed: self = .failed
        }
    }
}
