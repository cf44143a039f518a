extension PolicyDocument {
    mutating func readModes(_ field: Field?, _ reader: FieldReader) {
        guard let field, let entries = reader.entries(field) else { return }
        for (key, value) in entries {
            let section = reader.section(value)
            guard let name: Located<ModeName> = reader.name(key: key, of: value), let section else {
                continue
            }
            modes.append(mode(name, section, reader))
        }
    }

    private func mode(_ name: Located<ModeName>, _ section: Section, _ reader: FieldReader) -> ModeEntry {
        ModeEntry(
            name: name,
            hasK: section["k"] != nil,
            k: reader.integer(section["k"]),
            select: reader.word(section["select"]),
            temperature: reader.decimal(section["temperature"]),
            topP: reader.decimal(section["top_p"]),
            topK: reader.integer(section["top_k"]),
            repetitionPenalty: reader.decimal(section["repetition_penalty"]),
            prune: prune(section["prune"], reader),
            adaptive: adaptive(section["adaptive"], reader),
            search: search(section["search"], reader),
            tokenBudget: reader.integer(section["token_budget"])
        )
    }

    private func prune(_ field: Field?, _ reader: FieldReader) -> Located<PruneRule>? {
        guard let section = reader.section(field) else { return nil }
        let keep = reader.decimal(section["keep"])
        let afterSteps = reader.integer(section["after_steps"])
        let audit = reader.share(section["audit"])
        let rule = PruneRule(
            keep: keep?.value ?? PruneRule.standard.keep,
            afterSteps: afterSteps?.value ?? PruneRule.standard.afterSteps,
            audit: audit?.value ?? PruneRule.standard.audit
        )
        return Located(value: rule, path: section.path, line: section.line)
    }

    private func adaptive(_ field: Field?, _ reader: FieldReader) -> AdaptiveEntry? {
        guard let section = reader.section(field) else { return nil }
        return AdaptiveEntry(
            path: section.path,
            line: section.line,
            hasStages: section["stages"] != nil,
            stages: stages(section["stages"], reader),
            confidence: reader.decimal(section["confidence"])
        )
    }

    private func stages(_ field: Field?, _ reader: FieldReader) -> Located<[Int]>? {
        guard let field, let items = reader.items(field) else { return nil }
        let stages = items.compactMap { reader.integer($0)?.value }
        guard stages.count == items.count else { return nil }
        return Located(value: stages, path: field.path, line: field.line)
    }

    private func search(_ field: Field?, _ reader: FieldReader) -> Located<SearchRule>? {
        guard let section = reader.section(field) else { return nil }
        let fix = "write search: {beam: {width: 4}} or search: {mcts: {}}"
        if section["beam"] != nil, section["mcts"] != nil {
            reader.report(section.path, section.line, "a mode searches in one way", fix: "keep beam or mcts")
            return nil
        }
        if let beam = reader.section(section["beam"]) {
            let everySteps = reader.integer(beam["every_steps"])
            guard beam["width"] != nil else {
                reader.report("\(beam.path).width", beam.line, "the beam has no width", fix: fix)
                return nil
            }
            return reader.integer(beam["width"]).map {
                Located(
                    value: .beam(width: $0.value, everySteps: everySteps?.value ?? 1),
                    path: beam.path,
                    line: beam.line
                )
            }
        }
        if let mcts = reader.section(section["mcts"]) {
            let exploration = reader.decimal(mcts["exploration"])
            let parallel = reader.integer(mcts["parallel"])
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
