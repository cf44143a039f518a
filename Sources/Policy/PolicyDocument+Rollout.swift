extension PolicyDocument {
    struct RolloutEntry: Sendable {
        let path: String
        let line: Int?
        var hasArm: Bool
        var hasStages: Bool
        var arm: Located<ArmID>?
        /// Nil when absent or when one of them is unreadable.
        var stages: Located<[Share]>?
        var holdTime: Located<Duration>?
        var holdSubjects: Located<Int>?
        var advance: Located<RolloutRule.Advance>?
        var onNoGo: Located<RolloutRule.NoGo>?
        var freeze: [FreezeWindow] = []
    }

    mutating func readRollout(_ field: Field?, _ reader: FieldReader) {
        guard let section = reader.section(field) else { return }
        let hold = reader.section(section["hold"])
        rollout = RolloutEntry(
            path: section.path,
            line: section.line,
            hasArm: section["arm"] != nil,
            hasStages: section["stages"] != nil,
            arm: reader.name(section["arm"]),
            stages: readStages(section["stages"], reader),
            holdTime: reader.duration(hold?["time"]),
            holdSubjects: reader.integer(hold?["subjects"]),
            advance: reader.word(section["advance"]),
            onNoGo: reader.word(section["on_no_go"]),
            freeze: readFreeze(section["freeze"], reader)
        )
    }

    private func readStages(_ field: Field?, _ reader: FieldReader) -> Located<[Share]>? {
        guard let field, let items = reader.items(field) else { return nil }
        let shares = items.compactMap { reader.share($0) }
        guard shares.count == items.count else { return nil }
        return Located(value: shares.map(\.value), path: field.path, line: field.line)
    }

    private func readFreeze(_ field: Field?, _ reader: FieldReader) -> [FreezeWindow] {
        let items = reader.items(field) ?? []
        return items.compactMap { item in
            guard let section = reader.section(item) else { return nil }
            let days = readDays(section["days"], reader)
            let from = reader.timeOfDay(section["from"])
            let to = reader.timeOfDay(section["to"])
            guard (section["from"] == nil) == (section["to"] == nil) else {
                let fix = "give both, such as from: 20:00 with to: 06:00, or neither for whole days"
                reader.report(item.path, item.line, "the window has only one end", fix: fix)
                return nil
            }
            guard let days, (from == nil) == (section["from"] == nil), (to == nil) == (section["to"] == nil)
            else { return nil }
            return FreezeWindow(days: days, from: from?.value ?? 0, to: to?.value ?? 0)
        }
    }

    /// Every day where none is named; nil when one is unreadable.
    private func readDays(_ field: Field?, _ reader: FieldReader) -> [FreezeWindow.Weekday]? {
        guard let field else { return FreezeWindow.Weekday.allCases }
        guard let items = reader.items(field) else { return nil }
        let days = items.compactMap { item -> FreezeWindow.Weekday? in reader.word(item)?.value }
        return days.count == items.count ? Set(days).sorted() : nil
    }
}
