/// What a policy may look at in a request: never the prompt.
public struct RequestAttributes: Sendable {
    public let model: String
    public let bodyUser: String?
    public let safetyIdentifier: String?
    /// The name of the client's key; nil where it has none that is known.
    public let key: String?
    /// The tags of that key.
    public let tags: [String]
    /// A digest of whatever key the client sent, known or not.
    public let apiKeyDigest: String?
    private let headerValue: @Sendable (String) -> String?

    /// - Parameter header: looks a header up by its lower-case name.
    public init(
        model: String,
        bodyUser: String? = nil,
        safetyIdentifier: String? = nil,
        key: String? = nil,
        tags: [String] = [],
        apiKeyDigest: String? = nil,
        header: @escaping @Sendable (String) -> String?
    ) {
        self.model = model
        self.bodyUser = bodyUser
        self.safetyIdentifier = safetyIdentifier
        self.key = key
        self.tags = tags
        self.apiKeyDigest = apiKeyDigest
        headerValue = header
    }

    public init(
        model: String,
        headers: [String: String],
        bodyUser: String? = nil,
        safetyIdentifier: String? = nil,
        key: String? = nil,
        tags: [String] = [],
        apiKeyDigest: String? = nil
    ) {
        let byName = Dictionary(
            headers.map { ($0.lowercased(), $1) },
            uniquingKeysWith: { first, _ in first }
        )
        self.init(
            model: model,
            bodyUser: bodyUser,
            safetyIdentifier: safetyIdentifier,
            key: key,
            tags: tags,
            apiKeyDigest: apiKeyDigest,
            header: { byName[$0] }
        )
    }

    public func header(_ name: String) -> String? {
        headerValue(name.lowercased())
    }
}
