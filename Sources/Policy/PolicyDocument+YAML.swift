extension PolicyDocument {
    /// Reads a document from YAML, of which JSON is a part.
    ///
    /// Throws when the text is no YAML at all. Whatever is wrong with single fields is noted in the
    /// document, so that `SplitPolicy` can report it together with what does not fit together.
    ///
    /// - Parameter file: the name that problems are reported under.
    public init(yaml text: String, file: String) throws(PolicyProblems) {
        let root = try YAMLText(text, file: file).root()
        self.init(file: file)
        let reader = FieldReader(file: file)
        if let section = reader.section(Field(node: root, path: "", shape: .document)) {
            readHead(section, reader)
            readArms(section["arms"], reader)
            readModes(section["modes"], reader)
            readOverrides(section["overrides"], reader)
            readLimits(section["limits"], reader)
            readMetrics(section["metrics"], reader)
            readDecide(section["decide"], reader)
            readRollout(section["rollout"], reader)
            readReview(section, reader)
            readShadow(section["shadow"], reader)
        }
        problems = reader.problems
    }

    private mutating func readHead(_ section: Section, _ reader: FieldReader) {
        name = reader.name(section["policy"])
        description = reader.text(section["description"])
        priority = reader.integer(section["priority"])
        salt = reader.text(section["salt"])
        clientEffort = reader.word(section["client_effort"])
        blind = reader.flag(section["blind"])
        let match = reader.section(section["match"])
        models = reader.patterns(match?["models"])
        headers = reader.headers(match?["headers"])
        tags = reader.patterns(match?["tags"])
        traffic = reader.share(match?["traffic"])
        let subject = reader.section(section["subject"])
        subjectSources = readSources(subject?["from"], reader)
        subjectFallback = reader.word(subject?["otherwise"])
    }

    private func readSources(_ field: Field?, _ reader: FieldReader) -> [SubjectSource]? {
        guard let items = reader.items(field) else { return nil }
        var sources: [SubjectSource] = []
        for item in items {
            guard let source = readSource(item, reader) else { continue }
            if sources.contains(source) {
                reader.report(item.path, item.line, "\(source) appears twice", fix: "keep the first")
            }
            sources.append(source)
        }
        return sources
    }

    private func readSource(_ field: Field, _ reader: FieldReader) -> SubjectSource? {
        guard let text = reader.scalar(field)?.value else { return nil }
        if text.hasPrefix(SubjectSource.headerPrefix) {
            let name = String(text.dropFirst(SubjectSource.headerPrefix.count))
            return reader.headerName(name, field).map(SubjectSource.header)
        }
        let known = SubjectSource.fixed
        if let source = known.first(where: { $0.description == text }) { return source }
        let fix = suggestion(for: text, among: ["header:NAME"] + known.map(\.description))
        reader.report(field.path, field.line, "\(quoted(text)) is not a source of subjects", fix: fix)
        return nil
    }

    private mutating func readArms(_ field: Field?, _ reader: FieldReader) {
        guard let field else { return }
        armsLine = field.line
        armCount = field.keyCount
        guard let entries = reader.entries(field) else { return }
        for (key, value) in entries {
            let section = reader.section(value)
            guard let name: Located<ArmID> = reader.name(key: key, of: value), let section else { continue }
            let arm = ArmEntry(
                name: name,
                hasShare: section["share"] != nil,
                hasMode: section["mode"] != nil,
                share: reader.share(section["share"]),
                mode: reader.name(section["mode"]),
                control: reader.flag(section["control"])
            )
            arms.append(arm)
        }
    }

    private mutating func readOverrides(_ field: Field?, _ reader: FieldReader) {
        guard let items = reader.items(field) else { return }
        for item in items {
            guard let section = reader.section(item) else { continue }
            let headers = reader.headers(section["header"])
            let hasHeader = section["header"].map { $0.keyCount > 0 } ?? false
            if !hasHeader, section["keys"] == nil {
                let fix =
                    "name the header that asks for the arm, such as header: {x-headgate-arm: high}, or keys"
                reader.report("\(item.path).header", item.line, "the override has no condition", fix: fix)
            }
            let keys = reader.patterns(section["keys"])
            if section["arm"] == nil {
                reader.report(
                    "\(item.path).arm",
                    item.line,
                    "the override names no arm",
                    fix: "add arm: NAME"
                )
            }
            overrides.append(OverrideEntry(headers: headers, keys: keys, arm: reader.name(section["arm"])))
        }
    }

    private mutating func readLimits(_ field: Field?, _ reader: FieldReader) {
        guard let section = reader.section(field) else { return }
        deadline = reader.duration(section["deadline"])
        maxTokens = reader.integer(section["max_tokens"])
        overload = reader.word(section["on_overload"])
        queue = reader.duration(section["queue"])
        tier = reader.word(section["tier"])
    }
}
