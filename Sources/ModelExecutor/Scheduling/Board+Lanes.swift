extension Board {
    /// Whether the request could begin now.
    func fits(_ footprint: Footprint) -> Bool {
        let sequences = footprint.lanes + (footprint.keepsPrompt && !prefixes.canLend ? 1 : 0)
        return sequences <= pool.freeCount && footprint.cells <= pool.freeCells + prefixes.cells
    }

    /// Begins with the waiting requests whose turn it is, while they fit.
    mutating func admit(to model: inout some TokenModel, now: ContinuousClock.Instant) {
        while let index = nextWaiting, fits(waiting[index].footprint) {
            let next = waiting.remove(at: index)
            var known = prefixes.match(next.prompt)
            makeRoom(for: next.footprint.cells, in: &model)
            if let found = known, !prefixes.holds(found.sequence) { known = nil }
            pool.reserve(cells: next.footprint.cells)
            let isSmall = next.footprint.isSmall
            let prompt = isSmall ? pool.takeHighest() : promptSequence(known: known?.sequence, in: &model)
            // Small requests keep to one end and large ones to the other, so that each kind stays together.
            let own = (0..<next.footprint.lanes - (isSmall ? 1 : 0)).compactMap { _ in
                isSmall ? pool.takeHighest() : pool.take()
            }
            let sequences = [prompt].compactMap(\.self) + own
            let limits = model.limits
            var request = RunningRequest(
                next,
                vocabulary: model.vocabulary,
                head: model.head,
                contextTokens: min(limits.contextTokens, limits.cells),
                sequences: sequences,
                admitted: now
            )
            if let known { begin(&request, from: known, in: &model) }
            running.append(request)
        }
    }

    /// Whose turn it is: the oldest of the highest tier.
    ///
    /// Large requests begin while each of those that run has its fair part of the sequences that are not kept for
    /// small ones; more at once would only all be slower. While one of them waits for that, small requests go past
    /// it, of whatever tier. They can't starve it: those that run keep the lanes they began with, and when one of them ends, nobody
    /// goes past.
    var nextWaiting: Int? {
        let able = waiting.indices.filter { !(isBusy && waiting[$0].isBackground) }
        guard let highest = able.lazy.map({ waiting[$0].request.tier }).max(),
            let first = able.first(where: { waiting[$0].request.tier == highest })
        else { return nil }
        if mayBegin(waiting[first].footprint, tier: highest) { return first }
        let small = able.filter { waiting[$0].footprint.isSmall }
        return small.max { (waiting[$0].request.tier, $1) < (waiting[$1].request.tier, $0) }
    }

    /// Whether its turn may come, leaving aside whether there is room. Those of lower tiers don't count: they give way.
    func mayBegin(_ footprint: Footprint, tier: Tier) -> Bool {
        if footprint.isSmall { return true }
        let held = running.reduce(0) { sum, request in
            request.footprint.isSmall || request.request.tier < tier ? sum : sum + request.footprint.fairLanes
        }
        return held == 0 || held + footprint.fairLanes <= pool.count - smallSequences
    }

    /// Starts candidates while lanes are to be had: the highest tier first, then whoever has the fewest.
    ///
    /// Several large requests together take no more than makes a batch worth its while: further rows would decode
    /// nothing sooner, and a burst of small requests would find no sequence free.
    mutating func grow(in model: inout some TokenModel, now: ContinuousClock.Instant) {
        // Asked while everybody is on the board: whose turn it is depends on who runs.
        let waitingTier = nextWaiting.map { waiting[$0].request.tier }
        let isBusy = isBusy
        var active: [RunningRequest] = []
        swap(&active, &running)
        defer { swap(&active, &running) }
        let awake = active.indices.filter { !(isBusy && active[$0].isBackground) }
        for index in awake { active[index].wave += 1 }
        let runningRows = awake.reduce(0) { $0 + active[$1].runningCandidates }
        var more = 0
        while let index = nextToGrow(of: awake, among: active, waitingTier) {
            if let reason = reasonToStop(active[index], rows: runningRows + more + 1, now: now) {
                active[index].stoppedBy = reason
                active[index].most = active[index].started
                release(from: &active[index], in: &model)
                continue
            }
            startNext(of: &active[index], in: &model)
            more += 1
        }
    }

    private func nextToGrow(
        of awake: [Int],
        among requests: [RunningRequest],
        _ waitingTier: Tier?
    ) -> Int? {
        let isFull = isFull(awake.map { requests[$0] })
        return awake.filter {
            canStart(requests[$0], waitingTier, isAlone: awake.count == 1, isFull: isFull)
        }.min { a, b in
            let (one, other) = (requests[a], requests[b])
            if one.request.tier != other.request.tier { return one.request.tier > other.request.tier }
            let (mine, theirs) = (one.active, other.active)
            return mine == theirs ? a < b : mine < theirs
        }
    }

    /// Whether several large requests decode as many candidates as make a batch worth its while.
    func isFull(_ requests: [RunningRequest]) -> Bool {
        let large = requests.filter { !$0.footprint.isSmall }
        return large.count > 1
            && cost.saturation.map { large.reduce(0) { $0 + $1.runningCandidates } >= $0 } ?? false
    }

    /// Whether another candidate of it is wanted, lane or no lane.
    func wantsMore(_ request: RunningRequest) -> Bool {
        guard !request.isPrefilling, request.winner == nil, request.failure == nil,
            request.started < min(request.most, request.stageEnd)
        else { return false }
        if case .mcts(let search) = request.effort.search, request.runningCandidates >= search.parallel {
            return false
        }
        // How many fit a budget is known once one candidate's length is.
        return request.effort.tokenBudget == nil || pace.thinkingTokens != nil
            || request.finished == request.started
    }

    /// Whether another candidate of it is wanted and there is a lane for it.
    private func canStart(
        _ request: RunningRequest,
        _ waitingTier: Tier?,
        isAlone: Bool,
        isFull: Bool
    ) -> Bool {
        guard wantsMore(request) else { return false }
        // Someone who can't even begin comes first.
        let isWaiting = waitingTier.map { $0 >= request.request.tier } ?? false
        let isOwn = !request.spare.isEmpty || takesPromptOver(request)
        // What is kept for newcomers would leave a request that is alone with a tail of a few slow candidates.
        let isLastOfAll = isAlone && min(request.most, request.stageEnd) - request.started <= pool.freeCount
        let hasSequence =
            isOwn || (!isWaiting && !isFull && (isLastOfAll || pool.freeCount > newcomerSequences))
        let cells = request.footprint.cellsPerLane
        return hasSequence
            && (request.active < request.lanes || pool.freeCells + prefixes.cells - newcomerCells >= cells)
    }

    /// Whether its next candidate is the last that starts from the prompt, and so can have the prompt's sequence.
    private func takesPromptOver(_ request: RunningRequest) -> Bool {
        !request.footprint.keepsPrompt && request.started == request.most - 1
            && request.promptSequence != nil
    }

    /// Why no further candidate of it should start; the first always does.
    private func reasonToStop(
        _ request: RunningRequest,
        rows: Int,
        now: ContinuousClock.Instant
    ) -> StoppedBy? {
        guard request.started > 0 else { return nil }
        if let budget = request.effort.tokenBudget, expectedTokens(withOneMoreOf: request) > Double(budget) {
            return .budget
        }
        guard let deadline = request.request.deadline, let seconds = cost.seconds(rows: rows),
            let thinking = pace.thinkingTokens
        else { return nil }
        let tokens = thinking + (pace.answerTokens ?? 0)
        return now + .seconds(tokens * seconds) > deadline ? .deadline : nil
    }

    /// What its candidates will have sampled in the end, those that run and one more, if they become as long as others
    /// were; as long as they may where nobody knows.
    private func expectedTokens(withOneMoreOf request: RunningRequest) -> Double {
        let answer = pace.answerTokens ?? 0
        let whole = pace.thinkingTokens.map { $0 + (request.rules.answersAlways ? answer : 0) }
        let usual = whole ?? Double(request.request.maxTokens)
        let running = request.candidates.prefix(request.started).reduce(0) { sum, candidate in
            candidate.isRunning ? sum + max(0, usual - Double(candidate.sampledTokens)) : sum
        }
        return Double(request.compute.candidateTokens) + running + usual
    }

    private mutating func startNext(of request: inout RunningRequest, in model: inout some TokenModel) {
        let takesOver = takesPromptOver(request)
        if request.active == request.lanes {
            request.lanes += 1
            makeRoom(for: request.footprint.cellsPerLane, in: &model)
            pool.reserve(cells: request.footprint.cellsPerLane)
            request.reservedCells += request.footprint.cellsPerLane
        }
        let own = takesOver ? request.promptSequence : request.spare.popLast()
        guard let sequence = own ?? pool.take(), let prompt = request.promptSequence else {
            preconditionFailure("request \(request.handle) started a candidate without a sequence")
        }
        let index = request.started
        request.started += 1
        if case .mcts(let search) = request.effort.search,
            let place = request.tree.begin(index, exploration: search.exploration)
        {
            branch(index, of: &request, at: place, sequence: sequence, in: &model)
            return
        }
        if takesOver { request.promptSequence = nil } else { model.copySequence(prompt, to: sequence) }
        let last = request.prompt.count - 1
        request.candidates[index].started(
            in: request.firstPhase,
            sequence: sequence,
            pending: request.prompt[last],
            position: last,
            wave: request.wave
        )
        sampleFromPrompt(index, of: &request, in: model)
        if request.started == request.most { release(from: &request, in: &model) }
    }

    private mutating func branch(
        _ index: Int,
        of request: inout RunningRequest,
        at place: Branch,
        sequence: Int,
        in model: inout some TokenModel
    ) {
        let other = request.candidates[place.candidate]
        guard let source = other.sequence else {
            preconditionFailure("candidate \(place.candidate) has no sequence to branch off")
        }
        model.copySequence(source, to: sequence)
        model.truncateSequence(sequence, to: other.position(afterStep: place.step))
        request.candidates[index].branched(
            off: other,
            after: place.step,
            sequence: sequence,
            wave: request.wave
        )
    }

    /// Clears the candidate's sequence and keeps its lane for the request's next candidate, or gives it back.
    mutating func free(_ index: Int, of request: inout RunningRequest, in model: inout some TokenModel) {
        guard let sequence = request.candidates[index].sequence else { return }
        model.clearSequence(sequence)
        request.candidates[index].sequence = nil
        request.spare.append(sequence)
        release(from: &request, in: &model)
    }

    /// Gives back every sequence and cell that the request needs no more.
    mutating func release(from request: inout RunningRequest, in model: inout some TokenModel) {
        let kept = request.started < request.most ? max(0, request.footprint.lanes - request.active) : 0
        while request.spare.count > kept, let sequence = request.spare.popLast() { pool.release(sequence) }
        let lanes = request.active + kept
        if request.lanes > lanes {
            let cells = min(request.reservedCells, (request.lanes - lanes) * request.footprint.cellsPerLane)
            pool.release(cells: cells)
            request.reservedCells -= cells
            request.lanes = lanes
        }
        if request.started == request.most, !request.isPrefilling { releasePrompt(of: &request, in: &model) }
    }

    /// Takes the request off the board and frees all that it holds.
    @discardableResult
    mutating func remove(at index: Int, from model: inout some TokenModel) -> RunningRequest {
        var request = running.remove(at: index)
        let result = request
        request.most = request.started
        for candidate in request.candidates.indices { free(candidate, of: &request, in: &model) }
        release(from: &request, in: &model)
        releasePrompt(of: &request, in: &model)
        pool.release(cells: request.reservedCells)
        return result
    }

    /// Moves large requests' candidates together: those that only wait to be picked to the far end, and the highest
    /// running one down into the lowest free sequence, until no gap is left below it.
    mutating func compact(_ model: inout some TokenModel) {
        guard var last = highestRunning else { return }
        for index in running.indices where !running[index].footprint.isSmall {
            guard let leader = running[index].leader, running[index].candidates[leader].phase == .closed,
                let sequence = running[index].candidates[leader].sequence, sequence < last.sequence,
                let target = pool.highestFree, target > last.sequence
            else { continue }
            move(leader, of: index, to: target, in: &model)
        }
        while let gap = pool.lowestFree, gap < last.sequence {
            move(last.candidate, of: last.request, to: gap, in: &model)
            guard let next = highestRunning else { return }
            last = next
        }
    }

    private var highestRunning: (request: Int, candidate: Int, sequence: Int)? {
        var highest: (request: Int, candidate: Int, sequence: Int)?
        for (index, request) in running.enumerated() where !request.footprint.isSmall {
            for candidate in request.candidates.prefix(request.started) where candidate.isRunning {
                guard let sequence = candidate.sequence, sequence > highest?.sequence ?? -1 else { continue }
                highest = (index, candidate.index, sequence)
            }
        }
        return highest
    }

    private mutating func move(
        _ candidate: Int,
        of request: Int,
        to target: Int,
        in model: inout some TokenModel
    ) {
        guard let source = running[request].candidates[candidate].sequence else { return }
        pool.take(target)
        model.copySequence(source, to: target)
        model.clearSequence(source)
        pool.release(source)
        running[request].candidates[candidate].sequence = target
    }
}
