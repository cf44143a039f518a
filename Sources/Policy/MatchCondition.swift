/// One thing that a policy or an override demands of a request.
public enum MatchCondition: Sendable, Hashable {
    /// The model is one of these.
    case model([TextPattern])
    /// The header, by lower-case name, has one of these values.
    case header(String, [TextPattern])
    /// One of the tags of the client's key is one of these.
    case tag([TextPattern])
    /// The client's key has one of these names.
    case key([TextPattern])

    /// One condition per header, in order of their names.
    static func headers(_ headers: [String: [TextPattern]]) -> [MatchCondition] {
        headers.sorted { $0.key < $1.key }.map { .header($0.key, $0.value) }
    }

    func isMet(by request: RequestAttributes) -> Bool {
        let values = values(in: request)
        return patterns.contains { pattern in values.contains { pattern.matches($0) } }
    }

    /// None where the request has nothing of the kind.
    func values(in request: RequestAttributes) -> [String] {
        switch self {
        case .model: [request.model]
        case .header(let name, _): request.header(name).map { [$0] } ?? []
        case .tag: request.tags
        case .key: request.key.map { [$0] } ?? []
        }
    }

    private var patterns: [TextPattern] {
        switch self {
        case .model(let patterns), .header(_, let patterns), .tag(let patterns), .key(let patterns): patterns
        }
    }

    fileprivate var name: String {
        switch self {
        case .model: "model"
        case .header(let name, _): "header \(name)"
        case .tag: "tag"
        case .key: "key"
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

/// What keeps a policy from covering a request.
public enum UnmetCondition: Sendable, Hashable {
    /// A condition, and what the request has in its place; nothing where it has nothing of the kind.
    case condition(MatchCondition, found: [String])
    /// The subject is not in the part of the traffic that the policy takes.
    case traffic(TrafficDraw)
}

extension UnmetCondition: CustomStringConvertible {
    public var description: String {
        switch self {
        case .condition(let condition, let found):
            let values = found.isEmpty ? "absent" : found.map { quoted($0) }.joined(separator: ", ")
            let fact = "\(condition.name) is \(values)"
            return condition.choices.map { "\(fact), not \($0)" } ?? fact
        case .traffic(let draw): return "\(draw)"
        }
    }
}
