extension Board {
    /// Draws the consequences of a batch for every request: ends, selection, answers.
    mutating func settleAll(
        in model: inout some TokenModel,
        now: ContinuousClock.Instant,
        emissions: inout [Emission]
    ) {
        var over: [Int] = []
        var active: [RunningRequest] = []
        swap(&active, &running)
        for index in active.indices where plan.share[index] > 0 {
            if let failure = active[index].failure {
                let content = Emission.Content.failed(failure, spent: active[index].compute)
                emissions.append(Emission(request: active[index].handle, content: content))
                over.append(index)
            } else if settle(&active[index], in: &model, now: now, emissions: &emissions) {
                over.append(index)
            }
        }
        swap(&active, &running)
        for index in over.reversed() { remove(at: index, from: &model) }
    }

    /// Returns whether the request is over.
    private mutating func settle(
        _ request: inout RunningRequest,
        in model: inout some TokenModel,
        now: ContinuousClock.Instant,
        emissions: inout [Emission]
    ) -> Bool {
        guard !request.isPrefilling else { return false }
        let handle = request.handle
        func emit(_ event: GenerationEvent) {
            emissions.append(Emission(request: handle, content: .event(event)))
        }
        if request.winner == nil {
            for event in countFinished(&request, in: &model) { emit(event) }
            guard let winner = decided(request) else {
                if request.footprint.keepsPrompt { fillLanes(of: &request, in: &model) }
                return false
            }
            select(winner, of: &request, in: &model)
            let candidate = request.candidates[winner]
            let thinking = RunningRequest.text(of: candidate.thinking) { model.bytes(of: $0) }
            let score = request.isScored ? candidate.mean.value : nil
            emit(.selected(Selected(winner: winner, score: score, thinking: thinking)))
        }
        guard let winner = request.winner else { return false }
        let isOver = request.candidates[winner].isFinished
        let delta = request.candidates[winner].text.delta(isFinal: isOver)
        if !delta.isEmpty {
            if request.firstText == nil { request.firstText = now }
            emit(.answer(delta))
        }
        if isOver {
            emit(.finished(request.result(winner: winner) { model.bytes(of: $0) }))
        }
        return isOver
    }

    /// Counts candidates that ended in this batch and frees those that can no longer win.
    private mutating func countFinished(
        _ request: inout RunningRequest,
        in model: inout some TokenModel
    ) -> [GenerationEvent] {
        var events: [GenerationEvent] = []
        for index in request.candidates.indices where request.candidates[index].isFinished {
            guard request.candidates[index].countedAsFinished() else { continue }
            request.finished += 1
            events.append(.candidateFinished(finished: request.finished, of: request.candidates.count))
            contend(index, in: &request, model: &model)
        }
        return events
    }

    /// Keeps the sequence of the leader alone, and only while it may still have to answer from it.
    private mutating func contend(
        _ index: Int,
        in request: inout RunningRequest,
        model: inout some TokenModel
    ) {
        if request.candidates[index].phase != .closed { free(index, of: &request, in: &model) }
        guard !request.rules.answersAlways else { return }
        guard let leader = request.leader else {
            request.leader = index
            return
        }
        let challenger = request.standing(of: request.candidates[index])
        let standing = request.standing(of: request.candidates[leader])
        let isAhead = request.request.effort.selection.prefers(challenger, over: standing)
        if isAhead { request.leader = index }
        free(isAhead ? leader : index, of: &request, in: &model)
    }

    /// The winner, once it is certain: when all are finished, or at once for one that answers directly.
    private func decided(_ request: RunningRequest) -> Int? {
        if request.candidates.count == 1, request.candidates[0].phase == .answering { return 0 }
        guard request.finished == request.candidates.count else { return nil }
        guard request.rules.answersAlways else { return request.leader }
        let standings = request.candidates.map { request.standing(of: $0) }
        return request.request.effort.selection.winner(among: standings)
    }

    private mutating func select(
        _ winner: Int,
        of request: inout RunningRequest,
        in model: inout some TokenModel
    ) {
        request.winner = winner
        for index in request.candidates.indices where index != winner {
            free(index, of: &request, in: &model)
        }
        if request.holdsPromptSequence {
            model.clearSequence(request.promptSequence)
            pool.release(request.promptSequence)
            request.holdsPromptSequence = false
        }
        for sequence in request.spare { pool.release(sequence) }
        request.spare = []
        request.candidates[winner].selected(under: request.rules)
    }

    /// Clears the candidate's sequence and gives it to the request's next candidate, or back to the pool.
    mutating func free(_ index: Int, of request: inout RunningRequest, in model: inout some TokenModel) {
        guard let sequence = request.candidates[index].sequence else { return }
        model.clearSequence(sequence)
        request.candidates[index].sequence = nil
        if request.started < request.candidates.count {
            request.spare.append(sequence)
            return
        }
        pool.release(sequence)
        let cells = min(request.footprint.cellsPerLane, request.reservedCells)
        pool.release(cells: cells)
        request.reservedCells -= cells
    }

    /// Moves the highest running candidate down into the lowest free sequence until no gap is left below it.
    mutating func compact(_ model: inout some TokenModel) {
        while let gap = pool.lowestFree {
            var highest: (request: Int, candidate: Int, sequence: Int)?
            for (index, request) in running.enumerated() {
                for candidate in request.candidates where candidate.isRunning {
                    guard let sequence = candidate.sequence, sequence > highest?.sequence ?? gap else {
                        continue
                    }
                    highest = (index, candidate.index, sequence)
                }
            }
            guard let highest, let target = pool.take() else { return }
            model.copySequence(highest.sequence, to: target)
            model.clearSequence(highest.sequence)
            pool.release(highest.sequence)
            running[highest.request].candidates[highest.candidate].sequence = target
        }
    }
}
