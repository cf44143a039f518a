extension Board {
    /// Whether anybody runs for whom background requests stand still.
    var isBusy: Bool { running.contains { !$0.isBackground } }

    /// Ends background requests, the newest first, while others could begin or grow in their places.
    ///
    /// They hold their lanes while they stand still, for most of the time those are of no use to anybody. Giving up
    /// what has been decoded is the price of never being in the way.
    mutating func makeWay(in model: inout some TokenModel, emissions: inout [Emission]) {
        while let index = running.lastIndex(where: \.isBackground), othersNeedRoom {
            let gone = remove(at: index, from: &model)
            let spent = gone.compute
            let content = Emission.Content.failed(.displaced(spent), spent: spent)
            emissions.append(Emission(request: gone.handle, content: content))
        }
    }

    /// Notes who stands still.
    mutating func standStill(now: ContinuousClock.Instant) {
        let isBusy = isBusy
        for index in running.indices {
            running[index].stand(still: isBusy && running[index].isBackground, now: now)
        }
    }

    /// Whether someone of a higher tier lacks what those in the background hold.
    private var othersNeedRoom: Bool {
        if let next = nextWaiting, !waiting[next].isBackground, !fits(waiting[next].footprint) { return true }
        let others = running.filter { !$0.isBackground }
        if isFull(others) { return false }
        var (sequences, cells) = (0, 0)
        for request in others where wantsMore(request) {
            let more = min(request.most, request.stageEnd) - request.started
            sequences += max(0, more - request.spare.count)
            cells += max(0, request.active + more - request.lanes) * request.footprint.cellsPerLane
        }
        return sequences > max(0, pool.freeCount - newcomerSequences)
            || cells > max(0, pool.freeCells + prefixes.cells - newcomerCells)
    }
}
