/// Prompts that are kept: from where requests begin, and what is forgotten for them.
extension Board {
    /// Takes over what the prompt has in common with a kept one, if that is still there.
    mutating func begin(
        _ request: inout RunningRequest,
        from known: (sequence: Int, length: Int),
        in model: inout some TokenModel
    ) {
        guard let sequence = request.promptSequence else { return }
        if sequence != known.sequence {
            guard prefixes.holds(known.sequence) else { return }
            model.copySequence(known.sequence, to: sequence)
            request.keptElsewhere = known.length
        }
        model.truncateSequence(sequence, to: known.length)
        request.prefilled = known.length
        request.cachedTokens = known.length
        prefixes.reused(tokens: known.length)
    }

    /// A sequence apart from the candidates' for a prompt that is kept, or the furthest from them.
    ///
    /// It may be the very one that the prompt is known from, where all others are lent; its cells are left then.
    mutating func promptSequence(known: Int?, in model: inout some TokenModel) -> Int? {
        guard let lent = prefixes.lend() else { return pool.takeHighest() }
        if let evicted = lent.evicted {
            pool.release(cells: evicted.tokens.count)
            if evicted.sequence != known { model.clearSequence(evicted.sequence) }
        }
        return lent.sequence
    }

    /// Forgets cached prompts until so many cells are free.
    mutating func makeRoom(for cells: Int, in model: inout some TokenModel) {
        while pool.freeCells < cells, let entry = prefixes.evict() { forget(entry, in: &model) }
    }

    private mutating func forget(_ entry: PrefixCache.Entry, in model: inout some TokenModel) {
        model.clearSequence(entry.sequence)
        pool.release(cells: entry.tokens.count)
    }

    /// Lets later requests begin from this prompt: where it is kept, or in a copy if that is worth it.
    mutating func remember(_ request: RunningRequest, in model: inout some TokenModel) {
        guard let sequence = request.promptSequence else { return }
        if prefixes.owns(sequence) { return prefixes.publish(request.prompt, in: sequence, isLent: true) }
        guard isWorthKeeping(request) else { return }
        if let older = prefixes.evictSuperseded(by: request.prompt) { forget(older, in: &model) }
        guard let place = prefixes.lend() else { return }
        if let evicted = place.evicted { forget(evicted, in: &model) }
        model.copySequence(sequence, to: place.sequence)
        pool.reserve(cells: request.prompt.count)
        prefixes.publish(request.prompt, in: place.sequence, isLent: false)
    }

    private func isWorthKeeping(_ request: RunningRequest) -> Bool {
        request.prefilled == request.prompt.count && pool.freeCells >= request.prompt.count
            && request.prompt.count - request.keptElsewhere >= PrefixCache.leastTokens
    }

    /// Gives the prompt's sequence back; what it holds may stay for later requests.
    mutating func releasePrompt(of request: inout RunningRequest, in model: inout some TokenModel) {
        guard let sequence = request.promptSequence else { return }
        request.promptSequence = nil
        guard prefixes.owns(sequence) else {
            model.clearSequence(sequence)
            pool.release(sequence)
            return
        }
        if prefixes.takeBack(sequence, keeps: isWorthKeeping(request)) {
            pool.reserve(cells: request.prompt.count)
            if let older = prefixes.evictSuperseded(by: request.prompt) { forget(older, in: &model) }
        } else {
            model.clearSequence(sequence)
        }
    }
}
