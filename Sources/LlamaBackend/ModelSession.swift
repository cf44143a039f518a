public import ModelExecutor
internal import Synchronization

/// The session that runs a llama.cpp model.
public typealias LlamaSession = ModelSession<LlamaModel>

/// How busy a session is, for metrics and admission.
public struct SessionLoad: Sendable, Hashable {
    public var queuedRequests = 0
    public var runningRequests = 0
    public var runningCandidates = 0
    /// By requests that run.
    public var reservedCells = 0
    /// By prompts that are kept for later ones.
    public var cachedCells = 0
    public var cells = 0
    public var prefixes = PrefixCounts()
}

/// Owns one model on a thread of its own, and decodes the candidates of all requests together.
///
/// `run()` is the only loop: it steps the batch while there is work, looks at the mailbox between two batches and
/// sleeps when there is neither. Generic over the model, so that tests drive it with a scripted one.
public actor ModelSession<Model: TokenModel>: GenerationBackend {
    public nonisolated let model: ModelDescription
    private nonisolated let executor: QueueExecutor
    private nonisolated let mailbox: SessionMailbox
    private nonisolated let published: Mutex<SessionLoad>
    private nonisolated let promptEncoder: PromptEncoder
    private let clock: @Sendable () -> ContinuousClock.Instant
    private var batch: ContinuousBatch<Model>
    private var handles: [UInt64: RequestHandle] = [:]
    private var clients: [RequestHandle: SessionMailbox.Submission] = [:]

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Takes the model over; nobody else may use it from here on.
    public init(
        model: sending Model,
        description: ModelDescription,
        settings: BatchSettings = BatchSettings(),
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.model = description
        self.clock = clock
        executor = QueueExecutor(label: "headgate.model.\(description.name)")
        mailbox = SessionMailbox(limit: settings.queueLimit)
        published = Mutex(SessionLoad(cells: model.limits.cells))
        promptEncoder = model.promptEncoder
        batch = ContinuousBatch(model: model, settings: settings)
    }

    /// Starts the request at the next batch; cancelling it frees its sequences before the one after.
    ///
    /// The messages become tokens here, on the caller's thread.
    public nonisolated func generate(_ request: GenerationRequest) -> Generation {
        // An answer token makes at most one event, a candidate one, and the rest are four.
        let most = max(1, request.maxTokens) + request.effort.k + 8
        let (stream, continuation) = GenerationStream.makeStream(bufferingPolicy: .bufferingOldest(most))
        let compute = FinalCompute()
        do throws(ExecutorError) {
            try request.validate()
            let prompt = try promptEncoder(request.messages)
            switch mailbox.submit(request, prompt: prompt, continuation, compute) {
            case .accepted(let id):
                return Generation(events: stream) { [mailbox] in
                    mailbox.cancel(id)
                    return await compute.value()
                }
            case .full(let limit): throw .queueFull(limit: limit)
            case .closed: throw .modelFailed("it is shutting down")
            }
        } catch {
            continuation.finish(throwing: error)
        }
        return Generation(events: stream) { .zero }
    }

    /// How busy the session was after its last batch.
    public nonisolated var load: SessionLoad { published.withLock { $0 } }

    /// Refuses new requests and lets `run()` return once those accepted are done.
    public nonisolated func stop() { mailbox.close() }

    /// Serves until `stop()`, or until the task is cancelled, which ends every request with an error.
    public func run() async {
        for await _ in mailbox.arrivals {
            takeMail()
            while batch.hasWork, !Task.isCancelled { decodeOnce() }
            if Task.isCancelled { break }
        }
        mailbox.close()
        takeMail()
        while batch.hasWork, !Task.isCancelled { decodeOnce() }
        abandonAll()
    }

    private func decodeOnce() {
        let emissions = batch.step(now: clock())
        // Before anyone hears of an end, so that whoever does finds its cells free.
        publish()
        deliver(emissions)
        takeMail()
    }

    private func takeMail() {
        let mail = mailbox.take()
        for submission in mail.submissions {
            do throws(ExecutorError) {
                let handle = try batch.submit(
                    submission.request,
                    prompt: submission.prompt,
                    now: clock()
                )
                handles[submission.id] = handle
                clients[handle] = submission
            } catch {
                submission.fail(error)
            }
        }
        let cancelled = mail.cancellations.compactMap { id -> (SessionMailbox.Submission, Compute)? in
            guard let handle = handles.removeValue(forKey: id),
                let client = clients.removeValue(forKey: handle)
            else { return nil }
            return (client, batch.cancel(handle) ?? .zero)
        }
        publish()
        for (client, compute) in cancelled { client.fail(.cancelled(compute)) }
    }

    private func deliver(_ emissions: [Emission]) {
        for emission in emissions {
            guard let client = clients[emission.request] else { continue }
            client.tell(emission.content)
            guard emission.isLast else { continue }
            client.continuation.finish()
            clients.removeValue(forKey: emission.request)
            handles.removeValue(forKey: client.id)
        }
    }

    private func abandonAll() {
        for (handle, client) in clients {
            client.fail(.cancelled(batch.cancel(handle) ?? .zero))
        }
        clients = [:]
        handles = [:]
        publish()
    }

    private func publish() {
        let load = SessionLoad(
            queuedRequests: batch.queuedRequests,
            runningRequests: batch.runningRequests,
            runningCandidates: batch.runningCandidates,
            reservedCells: batch.reservedCells - batch.cachedCells,
            cachedCells: batch.cachedCells,
            cells: batch.model.limits.cells,
            prefixes: batch.prefixCounts
        )
        published.withLock { $0 = load }
    }
}

extension ModelSession where Model == LlamaModel {
    /// Takes a llama.cpp model over, with the batch settings that suit its cache layout.
    public init(_ model: sending LlamaModel, description: ModelDescription, queueLimit: Int = 256) {
        let settings = BatchSettings(queueLimit: queueLimit, compactsSequences: model.splitsBatchesAtGaps)
        self.init(model: model, description: description, settings: settings)
    }
}
