/// What may stand at one place of a document.
///
/// The reader takes its keys, choices and bounds from here and the published schema is made of the same, so neither can
/// know a key that the other doesn't.
indirect enum DocumentShape: Sendable, Hashable {
    /// A name of a policy, an arm, a mode or a metric.
    case name
    case text(limit: Int, breaks: Bool = false)
    /// One of these words.
    case word([String])
    case flag
    case integer(ClosedRange<Int>)
    case decimal(DecimalRange)
    /// A percentage, in basis points.
    case percentage(ClosedRange<Int>)
    case duration(ClosedRange<Duration>)
    case timeOfDay
    /// A place in a request to look for its subject.
    case source
    /// A text with a final `*` or without, or a list of them.
    case patterns
    /// Header names, each with patterns.
    case headers
    case list(of: DocumentShape, limit: Int)
    /// Names that the author chooses, each with a value of the same shape.
    case entries(of: DocumentShape, limit: Int)
    case section(SectionShape)

    static func word<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type) -> DocumentShape {
        .word(Word.allCases.map(\.rawValue))
    }

    /// A section that has nothing but these keys.
    static func keys(_ keys: DocumentKey...) -> DocumentShape { .section(SectionShape(keys: keys)) }
}

/// The keys of one mapping.
struct SectionShape: Sendable, Hashable {
    var keys: [DocumentKey]
    /// Whether exactly one of the keys is to be there.
    var isChoice = false
    /// Keys that the format has and this version does not act on, each with what to do instead. Accepting one would
    /// let an operator believe that it works.
    var unavailable: [String: String] = [:]

    subscript(_ name: String) -> DocumentKey? { keys.first { $0.name == name } }
}

/// One key that a mapping may have.
struct DocumentKey: Sendable, Hashable {
    let name: String
    /// What it does, for whoever writes it.
    let about: String
    let shape: DocumentShape
    let isRequired: Bool

    init(_ name: String, _ about: String, _ shape: DocumentShape, isRequired: Bool = false) {
        self.name = name
        self.about = about
        self.shape = shape
        self.isRequired = isRequired
    }
}

/// The decimal numbers that a key takes, and what to write for example.
struct DecimalRange: Sendable, Hashable {
    let lower: Double
    let upper: Double
    var includesLower = true
    var includesUpper = true
    let example: String

    func contains(_ value: Double) -> Bool {
        (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
    }
}

extension DecimalRange: CustomStringConvertible {
    var description: String {
        let (least, most) = (Self.text(lower), Self.text(upper))
        if includesLower { return "a number from \(least) to \(includesUpper ? "" : "below ")\(most)" }
        return "a number above \(least) and \(includesUpper ? "up to" : "below") \(most)"
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }
}
