/// The scheduler's state: who waits, who runs, which sequences and cells are free.
///
/// What is shared is lanes, a sequence with room for one candidate each. A request begins with the two it can't do
/// without and gets more as they become free, those with the fewest first, so that a small request never waits for a
/// large one to end and a large one takes all that nobody else wants.
struct Board {
    let settings: BatchSettings
    var waiting: [WaitingRequest] = []
    var running: [RunningRequest] = []
    var pool: SequencePool
    var plan: BatchPlan
    var sampler: Sampler
    var prefixes: PrefixCache
    var cost = StepCost()
    var pace = Pace()
    /// What requests that run already leave to those yet to come.
    let newcomerSequences: Int
    let newcomerCells: Int
    /// Sequences that are kept from large requests where both kinds compete.
    let smallSequences: Int
    private var nextNumber: UInt64 = 0
    /// When the last batch began and how many rows it had, while one follows upon the other.
    private var lastBatch: (began: ContinuousClock.Instant, rows: Int)?

    var hasWork: Bool { !waiting.isEmpty || !running.isEmpty }
    var queuedRequests: Int { waiting.count }
    var runningRequests: Int { running.count }
    var runningCandidates: Int { running.reduce(0) { $0 + $1.runningCandidates } }
    var reservedCells: Int { pool.reservedCells }

    init(model: borrowing some TokenModel, settings: BatchSettings) {
        self.settings = settings
        let limits = model.limits
        pool = SequencePool(limits: limits)
        plan = BatchPlan(limits: limits)
        prefixes = PrefixCache(limits: limits)
        sampler = Sampler(vocabularySize: model.vocabulary.size)
        newcomerSequences = limits.sequences / BatchSettings.newcomerPart
        newcomerCells = limits.cells / BatchSettings.newcomerPart
        smallSequences = limits.sequences / BatchSettings.smallPart
    }

    mutating func submit(
        _ request: GenerationRequest,
        prompt: [Token],
        to model: borrowing some TokenModel,
        now: ContinuousClock.Instant
    ) throws(ExecutorError) -> RequestHandle {
        try request.validate()
        if let deadline = request.deadline, deadline <= now { throw .deadlineExceeded(.zero) }
        guard !prompt.isEmpty else {
            throw .invalidRequest("the messages make an empty prompt; say something")
        }
        func footprint(of effort: Effort) throws(ExecutorError) -> Footprint {
            try check(effort, head: model.head, hasSteps: !model.vocabulary.step.isEmpty)
            return try Footprint(
                promptTokens: prompt.count,
                effort: effort,
                maxTokens: request.maxTokens,
                limits: model.limits
            )
        }
        let first = try footprint(of: request.effort)
        for effort in request.fallbacks { _ = try footprint(of: effort) }
        // What runs in the background takes nobody's place in the queue either.
        let ahead = request.tier == .background ? waiting.count : waiting.count { !$0.isBackground }
        guard ahead < settings.queueLimit else { throw .queueFull(limit: settings.queueLimit) }
        let handle = RequestHandle(number: nextNumber)
        nextNumber += 1
        waiting.append(
            WaitingRequest(
                handle: handle,
                request: request,
                prompt: prompt,
                submitted: now,
                footprint: first,
                since: now
            )
        )
        return handle
    }

    private func check(_ effort: Effort, head: ScoreHead?, hasSteps: Bool) throws(ExecutorError) {
        if let what = effort.scored {
            if head == nil { throw .needsHead(what) }
            if !hasSteps { throw .needsSteps(what) }
        }
        if effort.needsCalibration, head?.calibration == nil { throw .needsCalibration }
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
        if let lastBatch {
            cost.observe(rows: lastBatch.rows, seconds: lastBatch.began.duration(to: now) / .seconds(1))
        }
        lastBatch = nil
        var emissions: [Emission] = []
        expire(in: &model, now: now, emissions: &emissions)
        makeWay(in: &model, emissions: &emissions)
        admit(to: &model, now: now)
        standStill(now: now)
        grow(in: &model, now: now)
        plan.collect(from: running, saturation: cost.saturation)
        if !plan.rows.isEmpty {
            do throws(ExecutorError) {
                let cpu = try model.decode(plan.rows)
                charge(cpu)
            } catch {
                failBatch(with: error, in: &model, emissions: &emissions)
                return emissions
            }
            takeOutputs(of: &model, emissions: &emissions)
            grow(in: &model, now: now)
        }
        settleAll(in: &model, now: now, emissions: &emissions)
        if settings.compactsSequences { compact(&model) }
        // A batch with prompts tells little of what decoding takes, and an idle time nothing.
        if hasWork, plan.decodingRows == plan.rows.count { lastBatch = (now, plan.rows.count) }
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
        losePatience(limits: model.limits, now: now, emissions: &emissions)
    }

    /// Lets requests that have waited long enough go on with less, and ends those that can't.
    private mutating func losePatience(
        limits: ModelLimits,
        now: ContinuousClock.Instant,
        emissions: inout [Emission]
    ) {
        for index in waiting.indices.reversed() {
            let entry = waiting[index]
            guard let patience = entry.request.patience, entry.since + patience <= now else { continue }
            let smaller = (entry.fallback..<entry.request.fallbacks.count).compactMap { next in
                (try? footprint(of: entry, effort: entry.request.fallbacks[next], limits: limits)).map {
                    (fallback: next + 1, footprint: $0)
                }
            }
            guard
                let choice = smaller.first(where: {
                    mayBegin($0.footprint, tier: entry.request.tier) && fits($0.footprint)
                })
                    ?? smaller.last
            else {
                waiting.remove(at: index)
                let failure = ExecutorError.waitedTooLong(entry.submitted.duration(to: now))
                emissions.append(Emission(request: entry.handle, content: .failed(failure, spent: .zero)))
                continue
            }
            waiting[index].fallback = choice.fallback
            waiting[index].footprint = choice.footprint
            waiting[index].since = now
        }
    }

    private func footprint(
        of entry: WaitingRequest,
        effort: Effort,
        limits: ModelLimits
    ) throws(ExecutorError) -> Footprint {
        try Footprint(
            promptTokens: entry.prompt.count,
            effort: effort,
            maxTokens: entry.request.maxTokens,
            limits: limits
        )
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
}
