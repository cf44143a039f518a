extension Board {
    /// Samples from every row that asked for output, and takes note of prompts that are complete.
    mutating func takeOutputs(of model: inout some TokenModel, emissions: inout [Emission]) {
        // Out of `self` for the while, so that a request and the sampler can be changed together.
        var active: [RunningRequest] = []
        swap(&active, &running)
        defer { swap(&active, &running) }
        for row in plan.rows.indices {
            let owner = plan.owners[row]
            if let candidate = owner.candidate {
                sample(candidate, of: &active[owner.request], from: row, in: model)
                continue
            }
            active[owner.request].prefilled += 1
            if !active[owner.request].isPrefilling {
                emissions.append(finishPrefill(of: &active[owner.request], from: row, in: &model))
            }
        }
    }

    /// Keeps what the model said after the prompt, for every candidate that starts from it.
    private mutating func finishPrefill(
        of request: inout RunningRequest,
        from row: Int,
        in model: inout some TokenModel
    ) -> Emission {
        let logits = model.withLogits(row: row) { Array($0) }
        let residual = request.isScored ? model.withResidual(row: row) { Array($0) } : nil
        request.promptEnd = PromptEnd(logits: logits, residual: residual)
        remember(request, in: &model)
        let prefilled = Prefilled(
            promptTokens: request.prompt.count,
            cachedTokens: request.cachedTokens,
            fallback: request.fallback
        )
        return Emission(request: request.handle, content: .event(.prefilled(prefilled)))
    }

    /// Draws the first token of a candidate from what the model said after the prompt.
    mutating func sampleFromPrompt(
        _ index: Int,
        of request: inout RunningRequest,
        in model: some TokenModel
    ) {
        guard let end = request.promptEnd else {
            preconditionFailure("candidate \(index) started before its prompt was evaluated")
        }
        end.logits.withUnsafeBufferPointer { logits in
            (end.residual ?? []).withUnsafeBufferPointer { residual in
                sample(
                    index,
                    of: &request,
                    logits: logits,
                    score: { head in head.score(residual) },
                    in: model
                )
            }
        }
        if request.started == request.most { request.promptEnd = nil }
    }

    private mutating func sample(
        _ index: Int,
        of request: inout RunningRequest,
        from row: Int,
        in model: some TokenModel
    ) {
        model.withLogits(row: row) { logits in
            sample(
                index,
                of: &request,
                logits: logits,
                score: { head in model.withResidual(row: row) { head.score($0) } },
                in: model
            )
        }
    }

    private mutating func sample(
        _ index: Int,
        of request: inout RunningRequest,
        logits: UnsafeBufferPointer<Float>,
        score: (ScoreHead) -> Float,
        in model: some TokenModel
    ) {
        guard request.failure == nil else { return }
        let sampled = sampler.sample(
            logits,
            sampling: request.request.sampling,
            seen: request.candidates[index].seen,
            generator: &request.candidates[index].generator
        )
        guard let sampled else {
            let position = request.candidates[index].position
            request.failure = .modelFailed("no finite logit at position \(position) of candidate \(index)")
            return
        }
        if request.candidates[index].scoresStep(at: sampled.token, under: request.rules),
            request.isScored, let head = model.head
        {
            request.candidates[index].scored(Double(score(head)))
        }
        request.candidates[index].sampled(sampled, under: request.rules) { model.bytes(of: $0) }
    }
}
