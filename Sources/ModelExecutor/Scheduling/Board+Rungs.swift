extension Board {
    /// Lets the candidates go on, or not, that have reached a rung and all of whose elder siblings have.
    ///
    /// A candidate waits at its rung for those that started with it or before it, never for later ones; it is then
    /// ranked among all that ever came as far. Where all candidates start together this is successive halving, and
    /// the outcome does not depend on how the batches were cut. Where they start one by one it becomes its
    /// asynchronous form (Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020).
    func passRungs(of request: inout RunningRequest, in model: inout some TokenModel) {
        guard request.firstRung != nil else { return }
        let isAudit = request.effort.pruning?.isAudit == true
        if !isAudit {
            for index in 0..<request.started where request.candidates[index].isRunning {
                let candidate = request.candidates[index]
                if candidate.phase == .thinking, candidate.stepScores.count >= candidate.rung ?? .max {
                    request.candidates[index].hold()
                }
            }
        }
        while let (rung, ready) = Self.ready(in: request, isAudit: isAudit) {
            if let pruning = request.effort.pruning {
                let cuts = pruning.cuts(
                    of: ready,
                    at: rung,
                    among: request.candidates.prefix(request.started)
                )
                for index in ready {
                    request.candidates[index].goOn(to: pruning.rung(after: rung))
                    if cuts.contains(index) { request.candidates[index].cut(atStep: rung, isAudit: isAudit) }
                }
            }
            if case .beam(let beam) = request.effort.search {
                resample(&request, ready, at: rung, by: beam, in: &model)
            }
        }
    }

    /// The lowest rung at which somebody waits for nobody, and who does.
    private static func ready(in request: RunningRequest, isAudit: Bool) -> (rung: Int, candidates: [Int])? {
        let candidates = request.candidates.prefix(request.started)
        var rungs: [Int: [Int]] = [:]
        for candidate in candidates where candidate.cutAtStep == nil {
            guard let rung = candidate.rung, candidate.stepScores.count >= rung,
                isAudit || candidate.phase == .thinking
            else { continue }
            let waits = candidates.contains {
                $0.isThinking && $0.cutAtStep == nil && $0.stepScores.count < rung
                    && $0.wave <= candidate.wave
            }
            if !waits { rungs[rung, default: []].append(candidate.index) }
        }
        return rungs.min { $0.key < $1.key }.map { (rung: $0.key, candidates: $0.value) }
    }

    /// Replaces the weaker of the candidates by copies of the stronger ones.
    private func resample(
        _ request: inout RunningRequest,
        _ ready: [Int],
        at rung: Int,
        by beam: Beam,
        in model: inout some TokenModel
    ) {
        let ranked = Pruning.ranked(ready.map { request.candidates[$0] }, at: rung)
        // As much of those that still think as the beam is of all.
        let kept = (ranked.count * beam.width + request.effort.k - 1) / request.effort.k
        for index in ranked.prefix(kept) { request.candidates[index].goOn(to: rung + beam.everySteps) }
        for (position, index) in ranked.dropFirst(kept).enumerated() {
            let source = request.candidates[ranked[position % kept]]
            let given = request.candidates[index]
            guard let target = given.sequence, let origin = source.sequence else { continue }
            request.discardedTokens += given.sampledTokens
            request.discardedSteps += given.stepScores.count - (given.branch?.step ?? 0)
            model.clearSequence(target)
            model.copySequence(origin, to: target)
            var copy = request.fresh(index)
            copy.generator = given.generator
            copy.branched(off: source, after: rung, sequence: target, wave: given.wave)
            copy.goOn(to: rung + beam.everySteps)
            request.candidates[index] = copy
        }
    }
}

extension Pruning {
    /// The candidates' indices, the best score of their first steps first; of equals the lowest index.
    static func ranked(_ candidates: some Sequence<Candidate>, at rung: Int) -> [Int] {
        candidates.map { (index: $0.index, score: $0.score(ofFirst: rung)) }
            .sorted { $0.score == $1.score ? $0.index < $1.index : $0.score > $1.score }
            .map(\.index)
    }

    /// Who of those ready at the rung is cut: ranked among all siblings that ever came as far.
    func cuts(of ready: [Int], at rung: Int, among siblings: some Sequence<Candidate>) -> Set<Int> {
        let rivals = siblings.filter { $0.stepScores.count >= rung && $0.cutAtStep ?? rung >= rung }
        let ranked = Self.ranked(rivals, at: rung)
        let kept = Int((Double(ranked.count) * keep).rounded(.up))
        let losers = ranked.dropFirst(kept).filter { ready.contains($0) }
        let others = siblings.count {
            $0.cutAtStep == nil && !ready.contains($0.index) && ($0.isThinking || $0.isComplete)
        }
        let mustStay = max(0, Self.fewestAlive - others)
        return Set(losers.suffix(max(0, ready.count - mustStay)))
    }
}
