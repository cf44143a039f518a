extension Board {
    /// Samples from every row that asked for output, and starts the candidates of prompts that are complete.
    mutating func takeOutputs(of model: inout some TokenModel, emissions: inout [Emission]) {
        // Out of `self` for the while, so that a request and the sampler can be changed together.
        var active: [RunningRequest] = []
        swap(&active, &running)
        defer { swap(&active, &running) }
        for row in plan.rows.indices {
            let owner = plan.owners[row]
            if let candidate = owner.candidate {
                sample(candidate, of: &active[owner.request], from: row, in: &model)
                continue
            }
            active[owner.request].prefilled += 1
            if !active[owner.request].isPrefilling {
                start(&active[owner.request], from: row, in: &model, emissions: &emissions)
            }
        }
    }

    /// Starts candidates from the evaluated prompt; `row` holds the distribution after it, if they all start now.
    mutating func start(
        _ request: inout RunningRequest,
        from row: Int?,
        in model: inout some TokenModel,
        emissions: inout [Emission]
    ) {
        let prefilled = GenerationEvent.prefilled(Prefilled(promptTokens: request.prompt.count))
        emissions.append(Emission(request: request.handle, content: .event(prefilled)))
        guard let row, !request.footprint.keepsPrompt else {
            fillLanes(of: &request, in: &model)
            return
        }
        let last = request.prompt.count - 1
        for index in request.candidates.indices {
            let sequence = index == 0 ? request.promptSequence : request.spare.removeFirst()
            if index == 0 {
                request.holdsPromptSequence = false
            } else {
                model.copySequence(request.promptSequence, to: sequence)
            }
            request.candidates[index].started(
                in: request.firstPhase,
                sequence: sequence,
                pending: request.prompt[last],
                position: last
            )
        }
        request.started = request.candidates.count
        for index in request.candidates.indices { sample(index, of: &request, from: row, in: &model) }
    }

    /// Starts as many waiting candidates as the request has spare sequences for.
    mutating func fillLanes(of request: inout RunningRequest, in model: inout some TokenModel) {
        let last = request.prompt.count - 1
        while request.started < request.candidates.count, let sequence = request.spare.popLast() {
            model.copySequence(request.promptSequence, to: sequence)
            request.candidates[request.started].started(
                in: request.firstPhase,
                sequence: sequence,
                pending: request.prompt[last],
                position: last
            )
            request.started += 1
        }
    }

    private mutating func sample(
        _ index: Int,
        of request: inout RunningRequest,
        from row: Int,
        in model: inout some TokenModel
    ) {
        guard request.failure == nil else { return }
        let sampled = model.withLogits(row: row) { logits in
            sampler.sample(
                logits,
                sampling: request.request.sampling,
                seen: request.candidates[index].seen,
                generator: &request.candidates[index].generator
            )
        }
        guard let sampled else {
            let position = request.candidates[index].position
            request.failure = .modelFailed("no finite logit at position \(position) of candidate \(index)")
            return
        }
        if request.candidates[index].scoresStep(at: sampled.token), request.isScored, let head = model.head {
            let score = model.withResidual(row: row) { head.score($0) }
            request.candidates[index].scored(Double(score))
        }
        request.candidates[index].sampled(sampled, under: request.rules) { model.bytes(of: $0) }
    }
}
