public import Store

/// The file of keys in the state folder, for both planes; it has its name from when there was one.
///
/// A file and not a table of the record: keys have to be there before the first start, and only the gateway writes
/// the record. Its mode is 0600, and a file that others may write to is refused, for whoever writes it is let in.
public struct KeyFile: Sendable {
    public let path: String
    private let folder: String

    public init(stateFolder: String) {
        folder = stateFolder
        path = "\(stateFolder)/admin-keys.json"
    }

    /// The keys as they are now; none where there is no file.
    public func keys() throws(GatewayError) -> AccessKeys {
        try keys(in: try contents())
    }

    /// Adds a key and returns its words, which are kept nowhere.
    public func add(
        _ name: String,
        _ role: KeyRole,
        tags: [String] = [],
        now: Timestamp,
        using random: inout some RandomNumberGenerator
    ) throws(GatewayError) -> String {
        let secret = AccessKey.secret(using: &random)
        let key = try AccessKey(
            name: name,
            role: role,
            tags: tags,
            created: now,
            digest: AccessKey.digest(of: secret)
        )
        try change { keys throws(GatewayError) in try keys.add(key) }
        return secret
    }

    /// Adds a key without words: whoever has a client certificate of this name bears it.
    public func addCertificate(_ name: String, _ role: KeyRole, now: Timestamp) throws(GatewayError) {
        let key = try AccessKey(name: name, role: role, created: now, digest: nil)
        try change { keys throws(GatewayError) in try keys.add(key) }
    }

    public func remove(_ name: String) throws(GatewayError) {
        try change { keys throws(GatewayError) in try keys.remove(name) }
    }

    /// Replaces the file by one with the change, one process after another.
    private func change(_ body: (inout AccessKeys) throws(GatewayError) -> Void) throws(GatewayError) {
        try StateFolder.make(folder)
        try StateFolder.locked(path) { () throws(GatewayError) in
            var keys = try keys()
            try body(&keys)
            try StateFolder.write(String(decoding: keys.json, as: UTF8.self) + "\n", to: path, mode: 0o600)
        }
    }

    func contents() throws(GatewayError) -> StateFolder.Contents? {
        do {
            return try StateFolder.contents(of: path)
        } catch {
            throw .keysUnusable(path: path, reason: error.reason)
        }
    }

    func keys(in contents: StateFolder.Contents?) throws(GatewayError) -> AccessKeys {
        guard let contents else { return AccessKeys() }
        guard contents.mode & 0o022 == 0 else {
            throw .keysUnusable(
                path: path,
                reason: "others may write to it; chmod 600 first, then look who is in it"
            )
        }
        do {
            return try AccessKeys(json: contents.bytes)
        } catch {
            throw .keysUnusable(path: path, reason: Self.reason(error))
        }
    }

    private static func reason(_ error: GatewayError) -> String {
        switch error {
        case .malformedJSON(let fault):
            "it is not valid JSON, \(fault.reason.rawValue) at byte \(fault.offset)"
        default: "\(error)"
        }
    }
}
