extension PolicyDocument {
    mutating func readModes(_ field: Field?, _ reader: FieldReader) {
        guard let field, let entries = reader.entries(field) else { return }
        guard reader.isWithin(DocumentLimit.modes, count: entries.count, field) else { return }
        for (key, value) in entries {
            let section = reader.section(value, keys: PolicyDocument.modeKeys)
            guard let name: Located<ModeName> = reader.name(key: key, of: value), let section else {
                continue
            }
            modes.append(mode(name, section, reader))
        }
    }

    private static let modeKeys = [
        "k", "select", "temperature", "top_p", "top_k", "repetition_penalty", "prune", "adaptive", "search",
        "token_budget",
    ]

    private func mode(_ name: Located<ModeName>, _ section: Section, _ reader: FieldReader) -> ModeEntry {
        ModeEntry(
            name: name,
            hasK: section["k"] != nil,
            k: reader.integer(section["k"], in: 1...Mode.candidateLimit),
            select: reader.word(section["select"]),
            temperature: reader.decimal(section["temperature"], "a number from 0 to 2", such: "0.8") {
                (0...2).contains($0)
            },
            topP: reader.decimal(section["top_p"], "a number above 0 and up to 1", such: "0.95") {
                $0 > 0 && $0 <= 1
            },
            topK: reader.integer(section["top_k"], in: 0...1_000),
            repetitionPenalty: reader.decimal(
                section["repetition_penalty"],
                "a number from \(Mode.leastRepetitionPenalty) to 2",
                such: "1.05"
            ) {
                (Mode.leastRepetitionPenalty...2).contains($0)
            },
            prune: prune(section["prune"], reader),
            adaptive: adaptive(section["adaptive"], reader),
            search: search(section["search"], reader),
            tokenBudget: reader.integer(section["token_budget"], in: 1...100_000_000)
        )
    }

    private func prune(_ field: Field?, _ reader: FieldReader) -> Located<PruneRule>? {
        guard let section = reader.section(field, keys: ["keep", "after_steps", "audit"]) else { return nil }
        let least = PruneRule.leastKeep
        let keep = reader.decimal(section["keep"], "a number from \(least) to below 1", such: "0.5") {
            $0 >= least && $0 < 1
        }
        let afterSteps = reader.integer(section["after_steps"], in: 1...PruneRule.mostSteps)
        let audit = reader.share(section["audit"])
        let rule = PruneRule(
            keep: keep?.value ?? PruneRule.standard.keep,
            afterSteps: afterSteps?.value ?? PruneRule.standard.afterSteps,
            audit: audit?.value ?? PruneRule.standard.audit
        )
        return Located(value: rule, path: section.path, line: section.line)
    }

    private func adaptive(_ field: Field?, _ reader: FieldReader) -> AdaptiveEntry? {
        guard let section = reader.section(field, keys: ["stages", "confidence"]) else { return nil }
        return AdaptiveEntry(
            path: section.path,
            line: section.line,
            hasStages: section["stages"] != nil,
            stages: stages(section["stages"], reader),
            confidence: reader.decimal(section["confidence"], "a number above 0.5 and below 1", such: "0.9") {
                $0 > 0.5 && $0 < 1
            }
        )
    }

    private func stages(_ field: Field?, _ reader: FieldReader) -> Located<[Int]>? {
        guard let field, let items = reader.items(field, limit: AdaptiveRule.mostStages) else { return nil }
        let stages = items.compactMap { reader.integer($0, in: 1...Mode.candidateLimit)?.value }
        guard stages.count == items.count else { return nil }
        return Located(value: stages, path: field.path, line: field.line)
    }

    private func search(_ field: Field?, _ reader: FieldReader) -> Located<SearchRule>? {
        guard let section = reader.section(field, keys: ["beam", "mcts"]) else { return nil }
        let fix = "write search: {beam: {width: 4}} or search: {mcts: {}}"
        if section["beam"] != nil, section["mcts"] != nil {
            reader.report(section.path, section.line, "a mode searches in one way", fix: "keep beam or mcts")
            return nil
        }
        if let beam = reader.section(section["beam"], keys: ["width", "every_steps"]) {
            let everySteps = reader.integer(beam["every_steps"], in: 1...PruneRule.mostSteps)
            guard beam["width"] != nil else {
                reader.report("\(beam.path).width", beam.line, "the beam has no width", fix: fix)
                return nil
            }
            return reader.integer(beam["width"], in: 1...Mode.candidateLimit).map {
                Located(
                    value: .beam(width: $0.value, everySteps: everySteps?.value ?? 1),
                    path: beam.path,
                    line: beam.line
                )
            }
        }
        if let mcts = reader.section(section["mcts"], keys: ["exploration", "parallel"]) {
            let exploration = reader.decimal(mcts["exploration"], "a number from 0 to 100", such: "1.0") {
                (0...100).contains($0)
            }
            let parallel = reader.integer(mcts["parallel"], in: 1...Mode.candidateLimit)
            return Located(
                value: .mcts(exploration: exploration?.value ?? 1, parallel: parallel?.value ?? 4),
                path: mcts.path,
                line: mcts.line
            )
        }
        if section["beam"] == nil, section["mcts"] == nil {
            reader.report(section.path, section.line, "the search has no kind", fix: fix)
        }
        return nil
    }
}
