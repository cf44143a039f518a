/// Which requests a policy covers: every condition that is present must hold.
public struct Match: Sendable, Hashable {
    /// Model names; empty covers every model.
    public let models: [TextPattern]
    /// Required headers by lower-case name, each with the values that satisfy it.
    public let headers: [String: [TextPattern]]
    /// Of the client's key, any of which satisfies; empty covers requests with and without a key.
    public let tags: [TextPattern]
    /// How much of what matches otherwise is covered; which part is the policy's to say (see `TrafficGate`).
    public let traffic: Share
    private let conditions: [MatchCondition]

    /// Covers every request.
    public static let everything = Match(models: [], headers: [:])

    public init(
        models: [TextPattern],
        headers: [String: [TextPattern]],
        tags: [TextPattern] = [],
        traffic: Share = .whole
    ) {
        self.models = models
        self.headers = headers
        self.tags = tags
        self.traffic = traffic
        conditions =
            (models.isEmpty ? [] : [.model(models)]) + MatchCondition.headers(headers)
            + (tags.isEmpty ? [] : [.tag(tags)])
    }

    /// Whether every condition but that on the traffic's part holds.
    func covers(_ request: RequestAttributes) -> Bool {
        conditions.allSatisfy { $0.isMet(by: request) }
    }

    /// The conditions that don't hold.
    func unmet(by request: RequestAttributes) -> [UnmetCondition] {
        conditions.filter { !$0.isMet(by: request) }.map { .condition($0, found: $0.values(in: request)) }
    }

    /// Whether no request can pass the conditions by and still satisfy those of `other`.
    ///
    /// It is sure when it says yes and may say no where it cannot tell.
    func includes(_ other: Match) -> Bool {
        guard headers.allSatisfy({ name, values in Match.within(other.headers[name] ?? [], values) }) else {
            return false
        }
        return (models.isEmpty || Match.within(other.models, models))
            && (tags.isEmpty || Match.within(other.tags, tags))
    }

    private static func within(_ narrow: [TextPattern], _ wide: [TextPattern]) -> Bool {
        !narrow.isEmpty && narrow.allSatisfy { one in wide.contains { $0.includes(one) } }
    }
}

/// An exact text, or with a final `*` every text that begins with what stands before it.
///
/// There is no escape: a value that itself ends in `*` can only be matched by its beginning.
public struct TextPattern: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let description: String

    public init(_ text: String) {
        description = text
    }

    public init(stringLiteral value: String) {
        self.init(value)
    }

    public func matches(_ text: String) -> Bool {
        isPrefix ? text.utf8.starts(with: description.utf8.dropLast()) : text == description
    }

    func includes(_ other: TextPattern) -> Bool {
        if isPrefix { return other.description.utf8.starts(with: description.utf8.dropLast()) }
        return self == other
    }

    private var isPrefix: Bool { description.utf8.last == UInt8(ascii: "*") }
}
