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
        for index in active.indices where !active[index].isPrefilling {
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
        let handle = request.handle
        func emit(_ event: GenerationEvent) {
            emissions.append(Emission(request: handle, content: .event(event)))
        }
        if request.winner == nil {
            passRungs(of: &request, in: &model)
            hurry(&request, now: now)
            for event in countFinished(&request, in: &model) { emit(event) }
            guard let winner = decide(&request, in: &model) else { return false }
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
            pace.observe(answerTokens: request.candidates[winner].answerTokens)
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
        for index in 0..<request.started where request.candidates[index].isFinished {
            guard request.candidates[index].countedAsFinished() else { continue }
            request.finished += 1
            events.append(.candidateFinished(finished: request.finished, of: request.effort.k))
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
        let candidate = request.candidates[index]
        var keepsAll = false
        if case .mcts = request.effort.search {
            keepsAll = true
            let value = request.calibration?.probability(of: candidate.mean.value) ?? candidate.mean.value
            request.tree.end(
                index,
                steps: candidate.markedSteps,
                value: candidate.isComplete ? value : 0
            )
        }
        if candidate.phase != .closed, !keepsAll { free(index, of: &request, in: &model) }
        guard candidate.end != .pruned, candidate.end != .cancelled else { return }
        pace.observe(thinkingTokens: candidate.thinkingTokens)
        guard !request.rules.answersAlways else { return }
        guard let leader = request.leader else {
            request.leader = index
            return
        }
        let challenger = request.standing(of: candidate)
        let standing = request.standing(of: request.candidates[leader])
        let isAhead = request.effort.selection.prefers(challenger, over: standing)
        if isAhead { request.leader = index }
        if !keepsAll { free(isAhead ? leader : index, of: &request, in: &model) }
    }

    /// Gives up on what still thinks, once just enough time is left to answer with the best that is there.
    private func hurry(_ request: inout RunningRequest, now: ContinuousClock.Instant) {
        let started = request.candidates.prefix(request.started)
        let isWhole = request.started == request.most && started.allSatisfy(\.isFinished)
        guard !isWhole, let deadline = request.request.deadline,
            let seconds = cost.seconds(rows: plan.decodingRows),
            started.contains(where: { $0.isFinished && $0.isComplete })
        else { return }
        let answer = request.rules.answersAlways ? 0 : pace.answerTokens ?? 0
        guard now + .seconds((answer + Self.batchesToSpare) * seconds) >= deadline else { return }
        for index in 0..<request.started { request.candidates[index].cutShort() }
        request.most = request.started
        request.stoppedBy = .deadline
    }

    /// Batches between the last chance to decide and the deadline: this one, and one for the estimate's sake.
    private static var batchesToSpare: Double { 2 }

    /// The winner, once it is certain: when all have finished, or at once for one that answers directly.
    private mutating func decide(_ request: inout RunningRequest, in model: inout some TokenModel) -> Int? {
        if request.candidates.count == 1, request.candidates[0].phase == .answering { return 0 }
        guard request.finished == request.started, request.started > 0 else { return nil }
        if request.started == request.stageEnd, request.started < request.most { judge(&request) }
        guard request.started == request.most else { return nil }
        guard request.rules.answersAlways else { return request.leader ?? request.standings.first?.index }
        return request.effort.selection.winner(among: request.standings)
    }

    /// Ends the stages where the pick is likely enough to be right, else goes on to the next one.
    private func judge(_ request: inout RunningRequest) {
        guard let escalation = request.effort.escalation else { return }
        if let confidence = request.confidence, confidence >= escalation.confidence {
            request.most = request.started
            request.stoppedBy = request.effort.selection.needsAnswers ? .agreement : .confidence
        } else {
            request.stageEnd = escalation.stages.first { $0 > request.started } ?? request.most
        }
    }

    private mutating func select(
        _ winner: Int,
        of request: inout RunningRequest,
        in model: inout some TokenModel
    ) {
        request.winner = winner
        request.most = request.started
        for index in request.candidates.indices where index != winner {
            free(index, of: &request, in: &model)
        }
        release(from: &request, in: &model)
        request.candidates[winner].selected(under: request.rules)
    }
}
