extension PolicyDocument {
    struct ReviewEntry: Sendable {
        let path: String
        let line: Int?
        var hasRule: Bool
        var scoreBelow: Located<Double>?
        var sample: Located<Share>?
    }

    mutating func readReview(_ section: Section, _ reader: FieldReader) {
        if let rule = reader.section(section["review"]) {
            review = ReviewEntry(
                path: rule.path,
                line: rule.line,
                hasRule: rule["when_score_below"] != nil || rule["sample"] != nil,
                scoreBelow: reader.decimal(rule["when_score_below"]),
                sample: reader.share(rule["sample"])
            )
        }
        capture = reader.word(reader.section(section["capture"])?["prompts"])
    }
}
