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
        if let section = reader.section(
            Field(node: root, path: ""),
            keys: PolicyDocument.keys,
            unavailable: PolicyDocument.unavailable
        ) {
            readHead(section, reader)
            readArms(section["arms"], reader)
            readModes(section["modes"], reader)
            readOverrides(section["overrides"], reader)
            readLimits(section["limits"], reader)
            readMetrics(section["metrics"], reader)
            readDecide(section["decide"], reader)
            readRollout(section["rollout"], reader)
        }
        problems = reader.problems
    }

    private static let keys = [
        "policy", "description", "priority", "match", "subject", "salt", "client_effort", "blind", "arms",
        "modes", "overrides", "limits", "metrics", "decide", "rollout",
    ]

    private static let unavailable = [
        "review": "remove it; no request is queued for review",
        "capture": "remove it; neither prompts nor steps are captured",
    ]

    private mutating func readHead(_ section: Section, _ reader: FieldReader) {
        name = reader.name(section["policy"])
        description = reader.text(section["description"], limit: DocumentLimit.description, breaks: true)
        priority = reader.integer(section["priority"], in: 0...1_000_000)
        salt = reader.text(section["salt"])
        clientEffort = reader.word(section["client_effort"])
        blind = reader.flag(section["blind"])
        let match = reader.section(
            section["match"],
            keys: ["models", "headers"],
            unavailable: ["tags": "remove it; match a header instead"]
        )
        models = reader.patterns(match?["models"])
        headers = reader.headers(match?["headers"])
        let subject = reader.section(section["subject"], keys: ["from", "otherwise"])
        subjectSources = readSources(subject?["from"], reader)
        subjectFallback = reader.word(subject?["otherwise"])
    }

    private func readSources(_ field: Field?, _ reader: FieldReader) -> [SubjectSource]? {
        guard let items = reader.items(field, limit: DocumentLimit.subjectSources) else { return nil }
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
        if text.hasPrefix("header:") {
            return reader.headerName(String(text.dropFirst("header:".count)), field).map(SubjectSource.header)
        }
        let known: [SubjectSource] = [.safetyIdentifier, .user, .apiKey]
        if let source = known.first(where: { $0.description == text }) { return source }
        let fix = suggestion(for: text, among: ["header:NAME"] + known.map(\.description))
        reader.report(field.path, field.line, "\(quoted(text)) is not a source of subjects", fix: fix)
        return nil
    }

    private mutating func readArms(_ field: Field?, _ reader: FieldReader) {
        guard let field, let entries = reader.entries(field) else { return }
        armsLine = field.line
        armCount = field.keyCount
        guard reader.isWithin(DocumentLimit.arms, count: entries.count, field) else { return }
        for (key, value) in entries {
            let section = reader.section(value, keys: ["share", "mode", "control"])
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
        guard let items = reader.items(field, limit: DocumentLimit.overrides) else { return }
        let unavailable = ["keys": "remove it only if every client may set the header"]
        for item in items {
            guard
                let section = reader.section(item, keys: ["header", "arm"], unavailable: unavailable)
            else { continue }
            let headers = reader.headers(section["header"])
            if section["header"].map({ $0.keyCount == 0 }) ?? true {
                let fix = "name the header that asks for the arm, such as header: {x-headgate-arm: high}"
                reader.report("\(item.path).header", item.line, "the override has no condition", fix: fix)
            }
            if section["arm"] == nil {
                reader.report(
                    "\(item.path).arm",
                    item.line,
                    "the override names no arm",
                    fix: "add arm: NAME"
                )
            }
            overrides.append(OverrideEntry(headers: headers, arm: reader.name(section["arm"])))
        }
    }

    private mutating func readLimits(_ field: Field?, _ reader: FieldReader) {
        guard
            let section = reader.section(
                field,
                keys: ["deadline", "max_tokens", "on_overload", "queue", "tier"]
            )
        else { return }
        deadline = reader.duration(section["deadline"], in: .milliseconds(100)...(.seconds(3_600)))
        maxTokens = reader.integer(section["max_tokens"], in: 1...1_000_000)
        overload = reader.word(section["on_overload"])
        queue = reader.duration(section["queue"], in: .milliseconds(1)...(.seconds(3_600)))
        tier = reader.word(section["tier"])
    }
}
