extension PolicyDocument {
    struct ShadowEntry: Sendable {
        let path: String
        let line: Int?
        var hasMode: Bool
        var hasShare: Bool
        var hasArms: Bool
        var mode: Located<ModeName>?
        var share: Located<Share>?
        /// Those that could be read.
        var arms: [Located<ArmID>] = []
    }

    mutating func readShadow(_ field: Field?, _ reader: FieldReader) {
        guard let section = reader.section(field) else { return }
        let arms = reader.items(section["arms"]) ?? []
        shadow = ShadowEntry(
            path: section.path,
            line: section.line,
            hasMode: section["mode"] != nil,
            hasShare: section["share"] != nil,
            hasArms: section["arms"] != nil,
            mode: reader.name(section["mode"]),
            share: reader.share(section["share"]),
            arms: arms.compactMap { reader.name($0) }
        )
    }
}
