/// What a policy may look at in a request: never the prompt.
public struct RequestAttributes: Sendable {
    public let model: String
    public let bodyUser: String?
    public let safetyIdentifier: String?
    public let apiKeyDigest: String?
    private let headerValue: @Sendable (String) -> String?

    /// - Parameter header: looks a header up by its lower-case name.
    public init(
        model: String,
        bodyUser: String? = nil,
        safetyIdentifier: String? = nil,
        apiKeyDigest: String? = nil,
        header: @escaping @Sendable (String) -> String?
    ) {
        self.model = model
        self.bodyUser = bodyUser
        self.safetyIdentifier = safetyIdentifier
        self.apiKeyDigest = apiKeyDigest
        headerValue = header
    }

    public init(
        model: String,
        headers: [String: String],
        bodyUser: String? = nil,
        safetyIdentifier: String? = nil,
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
            apiKeyDigest: apiKeyDigest,
            header: { byName[$0] }
        )
    }

    public func header(_ name: String) -> String? {
        headerValue(name.lowercased())
    }
}
