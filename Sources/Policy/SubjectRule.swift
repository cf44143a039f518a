/// Where a request's subject is looked for.
public enum SubjectSource: Sendable, Hashable {
    /// A header, by lower-case name.
    case header(String)
    case safetyIdentifier
    case user
    /// The digest of the API key that the client presented.
    case apiKey
    /// The request itself: nothing named a subject, so the request is its own.
    case request
}

extension SubjectSource {
    /// Those that a document names by one word; a header has a name of its own.
    static let fixed: [SubjectSource] = [.safetyIdentifier, .user, .apiKey]
    /// Before the name of a header.
    static let headerPrefix = "header:"
}

extension SubjectSource: CustomStringConvertible {
    public var description: String {
        switch self {
        case .header(let name): Self.headerPrefix + name
        case .safetyIdentifier: "body:safety_identifier"
        case .user: "body:user"
        case .apiKey: "api_key"
        case .request: "request"
        }
    }
}

/// Which part of a request is its subject: the first source that has a value.
public struct SubjectRule: Sendable, Hashable {
    /// What happens to a request in which no source has a value.
    public enum Fallback: String, Sendable, Hashable, CaseIterable {
        /// The request is its own subject.
        case request
        /// The request is refused.
        case refuse
    }

    public let from: [SubjectSource]
    public let otherwise: Fallback

    public init(from: [SubjectSource], otherwise: Fallback) {
        self.from = from
        self.otherwise = otherwise
    }

    /// The subject and where it was found; nil when no source has a value and the rule refuses.
    ///
    /// A value of nothing but spaces counts as absent: it would make one subject of everyone who sends it.
    public func subject(
        of request: RequestAttributes,
        requestID: String
    ) -> (subject: SubjectID, source: SubjectSource)? {
        for source in from {
            guard let text = value(of: source, in: request) else { continue }
            let trimmed = trimmingSpaces(text)
            if !trimmed.isEmpty { return (SubjectID(rawValue: String(trimmed)), source) }
        }
        switch otherwise {
        case .request: return (SubjectID(rawValue: requestID), .request)
        case .refuse: return nil
        }
    }

    private func value(of source: SubjectSource, in request: RequestAttributes) -> String? {
        switch source {
        case .header(let name): request.header(name)
        case .safetyIdentifier: request.safetyIdentifier
        case .user: request.bodyUser
        case .apiKey: request.apiKeyDigest
        case .request: nil
        }
    }
}

func trimmingSpaces(_ text: String) -> Substring {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
}
