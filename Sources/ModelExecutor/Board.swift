/// The scheduler's state: who waits, who runs, which sequences and cells are free.
///
/// First come, first served: the oldest waiting request starts as soon as its sequences and cells are free, and
/// nobody overtakes it, so a large request is never starved by small ones.
struct Board {
    let settings: BatchSettings
    var waiting: [WaitingRequest] = []
    var running: [RunningRequest] = []
    var pool: SequencePool
    var plan: BatchPlan
    var sampler: Sampler
    private var nextNumber: UInt64 = 0

    var hasWork: Bool { !waiting.isEmpty || !running.isEmpty }
    var queuedRequests: Int { waiting.count }
    var runningRequests: Int { running.count }
    var runningCandidates: Int { running.reduce(0) { $0 + $1.candidates.count } }
    var reservedCells: Int { pool.reservedCells }

    init(model: borrowing some TokenModel, settings: BatchSettings) {
        self.settings = settings
        let limits = model.limits
        pool = SequencePool(limits: limits)
        plan = BatchPlan(limits: limits)
        sampler = Sampler(vocabularySize: model.vocabulary.size)
    }

    mutating func submit(
        _ request: GenerationRequest,
        prompt: [Token],
        to model: borrowing some TokenModel,
        now: ContinuousClock.Instant
    ) throws(ExecutorError) -> RequestHandle {
        try request.validate()
        if let deadline = request.deadline, deadline <= now { throw .deadlineExceeded(.zero) }
        let selection = request.effort.selection
        if selection.needsScores {
            if model.head == nil { throw .needsHead(selection) }
            if model.vocabulary.step.isEmpty { throw .needsSteps(selection) }
        }
        guard waiting.count < settings.queueLimit else { throw .queueFull(limit: settings.queueLimit) }
        guard !prompt.isEmpty else {
            throw .invalidRequest("the messages make an empty prompt; say something")
        }
        let footprint = try Footprint(
            promptTokens: prompt.count,
            k: request.effort.k,
            maxTokens: request.maxTokens,
            limits: model.limits
        )
        let handle = RequestHandle(number: nextNumber)
        nextNumber += 1
        waiting.append(
            WaitingRequest(
                handle: handle,
                request: request,
                prompt: prompt,
                footprint: footprint,
                submitted: now
            )
        )
        return handle
    }

    mutating func cancel(_ handle: RequestHandle, in model: inout some TokenModel) -> Compute? {
        if let index = waiting.firstIndex(where: { $0.handle == handle }) {
            waiting.remove(at: index)
            return .zero
        }
        guard let index = running.firstIndex(where: { $0.handle == handle }) else { return nil }
        return remove(at: index, from: &model).compute
    }

    mutating func step(_ model: inout some TokenModel, now: ContinuousClock.Instant) -> [Emission] {
        var emissions: [Emission] = []
        expire(in: &model, now: now, emissions: &emissions)
        admit(to: &model, now: now, emissions: &emissions)
        plan.collect(from: running)
        guard !plan.rows.isEmpty else { return emissions }
        do throws(ExecutorError) {
            let cpu = try model.decode(plan.rows)
            charge(cpu)
        } catch {
            failBatch(with: error, in: &model, emissions: &emissions)
            return emissions
        }
        takeOutputs(of: &model, emissions: &emissions)
        settleAll(in: &model, now: now, emissions: &emissions)
        if settings.compactsSequences { compact(&model) }
        return emissions
    }

    private mutating func expire(
        in model: inout some TokenModel,
        now: ContinuousClock.Instant,
        emissions: inout [Emission]
    ) {
        for entry in waiting where entry.request.deadline.map({ $0 <= now }) == true {
            emissions.append(
                Emission(request: entry.handle, content: .failed(.deadlineExceeded(.zero), spent: .zero))
            )
        }
        waiting.removeAll { $0.request.deadline.map { $0 <= now } == true }
        for index in running.indices.reversed()
        where running[index].request.deadline.map({ $0 <= now }) == true {
            let gone = remove(at: index, from: &model)
            let spent = gone.compute
            emissions.append(
                Emission(request: gone.handle, content: .failed(.deadlineExceeded(spent), spent: spent))
            )
        }
    }

    private mutating func admit(
        to model: inout some TokenModel,
        now: ContinuousClock.Instant,
        emissions: inout [Emission]
    ) {
        while let next = waiting.first,
            next.footprint.sequences <= pool.freeCount, next.footprint.cells <= pool.freeCells
        {
            waiting.removeFirst()
            let sequences = (0..<next.footprint.sequences).compactMap { _ in pool.take() }
            pool.reserve(cells: next.footprint.cells)
            let limits = model.limits
            var request = RunningRequest(
                next,
                vocabulary: model.vocabulary,
                contextTokens: min(limits.contextTokens, limits.cells),
                isScored: model.head != nil && !model.vocabulary.step.isEmpty,
                sequences: sequences,
                admitted: now
            )
            // A prompt of one token has nothing to evaluate ahead of its candidates when they run in waves.
            if !request.isPrefilling { start(&request, from: nil, in: &model, emissions: &emissions) }
            running.append(request)
        }
    }

    /// Shares the CPU time of a batch among its requests by rows.
    private mutating func charge(_ cpu: Duration) {
        let (seconds, attoseconds) = cpu.components
        let perRow = (Double(seconds) + Double(attoseconds) * 1e-18) / Double(plan.rows.count)
        for index in running.indices { running[index].cpuSeconds += perRow * Double(plan.share[index]) }
    }

    /// A failed batch says nothing about whose row was at fault, so everybody who was in it fails.
    private mutating func failBatch(
        with error: ExecutorError,
        in model: inout some TokenModel,
        emissions: inout [Emission]
    ) {
        for index in running.indices.reversed() where plan.share[index] > 0 {
            let gone = remove(at: index, from: &model)
            emissions.append(Emission(request: gone.handle, content: .failed(error, spent: gone.compute)))
        }
    }

    /// Takes the request off the board and frees all that it holds.
    @discardableResult
    mutating func remove(at index: Int, from model: inout some TokenModel) -> RunningRequest {
        var request = running.remove(at: index)
        for candidate in request.candidates.indices { free(candidate, of: &request, in: &model) }
        if request.holdsPromptSequence {
            model.clearSequence(request.promptSequence)
            pool.release(request.promptSequence)
            request.holdsPromptSequence = false
        }
        for sequence in request.spare { pool.release(sequence) }
        request.spare = []
        pool.release(cells: request.reservedCells)
        request.reservedCells = 0
        return request
    }
}
