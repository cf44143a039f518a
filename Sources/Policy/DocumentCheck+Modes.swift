extension DocumentCheck {
    /// The built-in modes and the document's own.
    mutating func modes() -> [Mode] {
        var modes = Mode.builtIn
        for entry in document.modes {
            if Mode.builtIn.contains(where: { $0.name == entry.name.value }) {
                let fix = "give it another name: low, medium, high, auto and single mean the same everywhere"
                report(entry.name.path, entry.name.line, "\(entry.name.value) is built in", fix: fix)
                continue
            }
            guard let k = entry.k?.value else {
                if !entry.hasK {
                    let fix = "add k: the number of candidates, 1 to \(Mode.candidateLimit)"
                    report("\(entry.name.path).k", entry.name.line, "the mode has no k", fix: fix)
                }
                continue
            }
            checkSelection(of: entry, k: k)
            checkRules(of: entry, k: k)
            modes.append(
                Mode(
                    name: entry.name.value,
                    k: k,
                    select: entry.select?.value ?? (k == 1 ? .first : .bestScore),
                    temperature: entry.temperature?.value,
                    topP: entry.topP?.value,
                    topK: entry.topK?.value,
                    repetitionPenalty: entry.repetitionPenalty?.value,
                    prune: entry.prune?.value,
                    adaptive: entry.adaptive.map { adaptive in
                        AdaptiveRule(
                            stages: adaptive.stages?.value ?? AdaptiveRule.standardStages(k: k),
                            confidence: adaptive.confidence?.value ?? AdaptiveRule.standardConfidence
                        )
                    },
                    search: entry.search?.value,
                    tokenBudget: entry.tokenBudget?.value
                )
            )
        }
        return modes
    }

    private mutating func checkSelection(of entry: PolicyDocument.ModeEntry, k: Int) {
        if let select = entry.select {
            if k == 1, select.value != .first {
                let message = "\(select.value.rawValue) has nothing to choose from with k = 1"
                report(select.path, select.line, message, fix: "remove select, or raise k")
            }
            if k > 1, select.value == .first {
                let message = "first takes one candidate and throws the other \(k - 1) away"
                report(select.path, select.line, message, fix: "set k: 1, or choose another select")
            }
        }
        if k > 1, let temperature = entry.temperature, temperature.value == 0 {
            let message = "at temperature 0 all \(k) candidates are the same"
            report(temperature.path, temperature.line, message, fix: "raise the temperature, or set k: 1")
        }
    }

    /// What a mode does beside choosing must suit its k, its selection, and the rest of it.
    private mutating func checkRules(of entry: PolicyDocument.ModeEntry, k: Int) {
        if let prune = entry.prune, k <= 2 {
            let fix = "remove prune, or raise k"
            report(prune.path, prune.line, "two candidates always stay, and k is \(k)", fix: fix)
        }
        if let adaptive = entry.adaptive { checkStages(adaptive, of: entry, k: k) }
        guard let search = entry.search else { return }
        if entry.prune != nil || entry.adaptive != nil {
            let message = "a search replaces candidates by itself"
            report(search.path, search.line, message, fix: "remove prune and adaptive, or search")
        }
        switch search.value {
        case .beam(let width, _) where width >= k:
            let message = "a beam of \(width) leaves nothing to replace with k = \(k)"
            report(search.path, search.line, message, fix: "make width less than k, or raise k")
        case .mcts(_, let parallel) where parallel > k:
            let message = "\(parallel) simulations at once are more than k = \(k)"
            report(search.path, search.line, message, fix: "set parallel to at most k, or raise k")
        case .beam, .mcts: break
        }
    }

    private mutating func checkStages(
        _ adaptive: PolicyDocument.AdaptiveEntry,
        of entry: PolicyDocument.ModeEntry,
        k: Int
    ) {
        if k == 1 {
            report(adaptive.path, adaptive.line, "there is nothing to adapt with k = 1", fix: "raise k")
        }
        if let select = entry.select, select.value == .likelihood || select.value == .first {
            let message = "\(select.value.rawValue) never tells when enough candidates have run"
            report(select.path, select.line, message, fix: "select best_score, weighted_vote or majority")
        }
        guard let stages = adaptive.stages else { return }
        let rises = zip(stages.value, stages.value.dropFirst()).allSatisfy { $0 < $1 }
        if !rises || stages.value.last != k {
            let fix = "write \(AdaptiveRule.standardStages(k: k))"
            report(stages.path, stages.line, "the stages do not rise to k, which is \(k)", fix: fix)
        }
    }
}
