/// Whom the data plane knows, and whether it serves anyone else.
public struct ClientAccess: Sendable {
    private let keyring: Keyring?
    private let isKeyRequired: Bool

    /// Knows nobody and serves everybody.
    public static let open = ClientAccess(nil, isKeyRequired: false)

    /// - Parameter isKeyRequired: refuses whoever has no client's key. Otherwise unknown words make no difference,
    ///   because OpenAI's own clients always send some.
    public init(_ keyring: Keyring?, isKeyRequired: Bool) {
        self.keyring = keyring
        self.isKeyRequired = isKeyRequired
    }

    /// - Parameter authorization: the header's value.
    func caller(for authorization: String?) throws(GatewayError) -> Caller {
        guard let words = BearerWords.from(authorization) else {
            if isKeyRequired { throw .keyMissing }
            return .anonymous
        }
        let digest = AccessKey.digest(of: words)
        var key: AccessKey?
        switch keyring?.seen {
        case .success(let keys): key = keys.key(digest: digest)
        case .failure(let error): if isKeyRequired { throw error }
        case nil: break
        }
        // A key of the admin plane opens nothing here, and names nobody: it would lie in applications' settings soon.
        guard let key, key.role == .client else {
            if isKeyRequired { throw .keyUnknown }
            return Caller(key: nil, tags: [], digest: Hex.text(digest))
        }
        return Caller(key: key.name, tags: key.tags, digest: key.subject)
    }
}

/// Who sent a request to the data plane, as far as its key tells.
struct Caller: Sendable, Hashable {
    static let anonymous = Caller(key: nil, tags: [], digest: nil)

    /// The name of a known client's key.
    let key: String?
    let tags: [String]
    /// SHA-256 of the words that were sent, known or not: the same words are the same subject either way, so that
    /// nobody changes arms when their key is added.
    let digest: String?
}
