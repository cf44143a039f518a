/// One thing that a policy or an override demands of a request.
public enum MatchCondition: Sendable, Hashable {
    /// The model is one of these.
    case model([TextPattern])
    /// The header, by lower-case name, has one of these values.
    case header(String, [TextPattern])

    /// One condition per header, in order of their names.
    static func headers(_ headers: [String: [TextPattern]]) -> [MatchCondition] {
        headers.sorted { $0.key < $1.key }.map { .header($0.key, $0.value) }
    }

    func isMet(by request: RequestAttributes) -> Bool {
        guard let value = value(in: request) else { return false }
        return patterns.contains { $0.matches(value) }
    }

    func value(in request: RequestAttributes) -> String? {
        switch self {
        case .model: request.model
        case .header(let name, _): request.header(name)
        }
    }

    private var patterns: [TextPattern] {
        switch self {
        case .model(let patterns), .header(_, let patterns): patterns
        }
    }

    fileprivate var name: String {
        switch self {
        case .model: "model"
        case .header(let name, _): "header \(name)"
        }
    }

    /// Nil where any value will do.
    fileprivate var choices: String? {
        guard !patterns.contains("*") else { return nil }
        let list = patterns.map(\.description).joined(separator: ", ")
        return patterns.count == 1 ? list : "one of \(list)"
    }
}

extension MatchCondition: CustomStringConvertible {
    public var description: String { "\(name) is \(choices ?? "present")" }
}

/// A condition that a request does not meet, and what the request has in its place.
public struct UnmetCondition: Sendable, Hashable {
    public let condition: MatchCondition
    /// Nil where the request has no such header.
    public let found: String?
}

extension UnmetCondition: CustomStringConvertible {
    public var description: String {
        let fact = "\(condition.name) is \(found.map { quoted($0) } ?? "absent")"
        return condition.choices.map { "\(fact), not \($0)" } ?? fact
    }
}
