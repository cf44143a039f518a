extension FieldReader {
    /// A name: letters, digits, `.`, `_` and `-`, beginning with a letter or a digit.
    func name<ID: PolicyIdentifier>(_ field: Field?, as type: ID.Type = ID.self) -> Located<ID>? {
        value(field, expected: "a name", fix: FieldReader.nameRule) {
            FieldReader.isName($0) ? ID(rawValue: $0) : nil
        }
    }

    /// A key of a mapping as a name.
    func name<ID: PolicyIdentifier>(
        key: String,
        of field: Field,
        as type: ID.Type = ID.self
    ) -> Located<ID>? {
        guard FieldReader.isName(key) else {
            report(field.path, field.line, "\(quoted(key)) is not a name", fix: FieldReader.nameRule)
            return nil
        }
        return Located(value: ID(rawValue: key), path: field.path, line: field.line)
    }

    private static let nameRule =
        "use letters, digits, '.', '_' and '-', first a letter or digit, at most \(DocumentLimit.name)"

    private static func isName(_ text: String) -> Bool {
        let isWord: (UInt8) -> Bool = { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
        guard let first = text.utf8.first, text.utf8.count <= DocumentLimit.name else { return false }
        return isWord(first) && text.utf8.allSatisfy { isWord($0) || ".-_".utf8.contains($0) }
    }

    /// Text on one line, unless line breaks are allowed.
    func text(_ field: Field?) -> Located<String>? {
        guard let field else { return nil }
        guard case .text(let limit, let breaks) = field.shape else {
            preconditionFailure("\(field.path) is no text but \(field.shape)")
        }
        return value(
            field,
            expected: "1 to \(limit) characters of plain text",
            fix: "shorten it and leave out control characters"
        ) { text in
            let isPlain = text.unicodeScalars.allSatisfy { scalar in
                switch scalar.value {
                case 0x09, 0x0A, 0x0D: breaks
                case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029: false
                default: true
                }
            }
            return isPlain && (1...limit).contains(text.unicodeScalars.count) ? text : nil
        }
    }

    /// One of an enumeration's words.
    ///
    /// - Parameter unavailable: words of the format that this version does not act on.
    func word<Word: RawRepresentable<String> & CaseIterable>(
        _ field: Field?,
        as type: Word.Type = Word.self,
        unavailable: [String: String] = [:]
    ) -> Located<Word>? {
        guard let field else { return nil }
        precondition(field.shape == .word(type), "\(field.path) is no \(type) but \(field.shape)")
        guard let text = scalar(field) else { return nil }
        if let word = Word(rawValue: text.value) {
            return Located(value: word, path: text.path, line: text.line)
        }
        if let instead = unavailable[text.value] {
            let message = "\(quoted(text.value)) is not available in this version"
            report(text.path, text.line, message, fix: instead)
        } else {
            let fix = suggestion(for: text.value, among: Word.allCases.map(\.rawValue))
            report(text.path, text.line, "\(quoted(text.value)) is not one of the choices", fix: fix)
        }
        return nil
    }

    func flag(_ field: Field?) -> Located<Bool>? {
        value(field, expected: "true or false", fix: "write true or false") { Bool($0) }
    }

    func integer(_ field: Field?) -> Located<Int>? {
        guard let field else { return nil }
        guard case .integer(let range) = field.shape else {
            preconditionFailure("\(field.path) is no integer but \(field.shape)")
        }
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return value(field, expected: expected, fix: "write a number in that range") { text in
            Units.integer(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func decimal(_ field: Field?) -> Located<Double>? {
        guard let field else { return nil }
        guard case .decimal(let range) = field.shape else {
            preconditionFailure("\(field.path) is no decimal number but \(field.shape)")
        }
        let fix = "write a number such as \(range.example) in that range"
        return value(field, expected: "\(range)", fix: fix) { text in
            Units.decimal(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func share(_ field: Field?) -> Located<Share>? {
        percentage(field, such: "10% or 0.5%") { Share(basisPoints: $0) }
    }

    func rateChange(_ field: Field?) -> Located<RateChange>? {
        percentage(field, such: "1% or 0.5%") { RateChange(basisPoints: $0) }
    }

    private func percentage<Value>(
        _ field: Field?,
        such example: String,
        _ make: (Int) -> Value
    ) -> Located<Value>? {
        guard let field else { return nil }
        guard case .percentage(let range) = field.shape else {
            preconditionFailure("\(field.path) is no percentage but \(field.shape)")
        }
        let (lowest, highest) = (
            percent(basisPoints: range.lowerBound), percent(basisPoints: range.upperBound)
        )
        return value(
            field,
            expected: "a percentage from \(lowest) to \(highest)",
            fix: "write it like \(example); the finest step is 0.01%"
        ) { text in
            Units.basisPoints(text).flatMap { range.contains($0) ? make($0) : nil }
        }
    }

    func duration(_ field: Field?) -> Located<Duration>? {
        guard let field else { return nil }
        guard case .duration(let range) = field.shape else {
            preconditionFailure("\(field.path) is no time but \(field.shape)")
        }
        let expected = "a time from \(Units.text(range.lowerBound)) to \(Units.text(range.upperBound))"
        return value(field, expected: expected, fix: "write it like 250ms, 30s, 5m, 24h or 7d") { text in
            Units.duration(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Minutes after midnight, UTC.
    func timeOfDay(_ field: Field?) -> Located<Int>? {
        value(field, expected: "a time of day from 00:00 to 23:59", fix: "write it like 06:30, in UTC") {
            Units.timeOfDay($0)
        }
    }

    /// A pattern, or a list of them.
    func patterns(_ field: Field?) -> [TextPattern] {
        guard let field else { return [] }
        let text = DocumentShape.text(limit: DocumentLimit.text)
        let shape = field.isList ? DocumentShape.list(of: text, limit: DocumentLimit.values) : text
        let either = Field(node: field.node, path: field.path, line: field.line, shape: shape)
        let items = field.isList ? self.items(either) ?? [] : [either]
        let patterns = items.compactMap { item -> TextPattern? in
            guard let text = self.text(item) else { return nil }
            guard !text.value.dropLast().contains("*") else {
                let fix = "put the `*` last: it stands for any ending"
                report(text.path, text.line, "\(quoted(text.value)) has a `*` before its end", fix: fix)
                return nil
            }
            return TextPattern(text.value)
        }
        return Set(patterns).sorted { $0.description < $1.description }
    }

    /// Header conditions by lower-case name.
    func headers(_ field: Field?) -> [String: [TextPattern]] {
        guard let field, let pairs = pairs(field) else { return [:] }
        guard isWithin(DocumentLimit.headers, count: pairs.count, field) else { return [:] }
        var headers: [String: [TextPattern]] = [:]
        for pair in pairs {
            let (key, value) = (pair.key, pair.field(shape: .patterns))
            guard let name = headerName(key, value) else { continue }
            if headers.updateValue(patterns(value), forKey: name) != nil {
                let fix = "keep one: header names do not depend on upper and lower case"
                report(value.path, value.line, "the header appears twice", fix: fix)
            }
        }
        return headers
    }

    func headerName(_ text: String, _ field: Field) -> String? {
        let isToken = text.utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && !"\"(),/:;<=>?@[\\]{}".utf8.contains(byte)
        }
        guard isToken, (1...DocumentLimit.text).contains(text.utf8.count) else {
            report(
                field.path,
                field.line,
                "\(quoted(text)) is not a header name",
                fix: "write it like x-tenant"
            )
            return nil
        }
        return text.lowercased()
    }
}
