internal import FoundationEssentials
public import Logging
internal import Store
internal import Synchronization

/// Who a request's key belongs to, by the key file.
///
/// The admin plane reads the file at each request, which is small and bounded, and takes it apart only where its bytes
/// have changed: unlike its times they can't miss a change, and a key that was removed a moment ago opens nothing. The
/// data plane is asked too often for that; it goes by what the last look found (`KeyWatch` looks several times a
/// second).
public final class Keyring: Sendable {
    private struct State {
        var contents: Result<StateFolder.Contents?, GatewayError>?
        var keys: Result<AccessKeys, GatewayError>?
        /// Of the last look that found a file in order.
        var sound: AccessKeys?
    }

    private let file: KeyFile
    private let logger: Logger
    private let state = Mutex(State())

    public init(_ file: KeyFile, logger: Logger) {
        self.file = file
        self.logger = logger
    }

    /// Reads the file as it is now. What is wrong with it is logged once, not once a look.
    @discardableResult
    public func look() -> Result<AccessKeys, GatewayError> {
        let contents = Result { () throws(GatewayError) in try file.contents() }
        return state.withLock { state in
            if let keys = state.keys, state.contents == contents { return keys }
            let keys = contents.flatMap { contents in
                Result { () throws(GatewayError) in try file.keys(in: contents) }
            }
            switch keys {
            case .success(let sound): state.sound = sound
            case .failure(let error): logger.error("\(error)")
            }
            state.contents = contents
            state.keys = keys
            return keys
        }
    }

    /// Whoever commands the admin plane. A client's key is not known there.
    ///
    /// - Parameters:
    ///   - authorization: the header's value; where there is one, it alone counts.
    ///   - certificate: what the client presented, if anything.
    func admin(
        for authorization: String?,
        _ certificate: ClientCertificate? = nil,
        now: Timestamp
    ) throws(GatewayError) -> AccessKey {
        if authorization == nil, let certificate { return try admin(certificate, now) }
        guard let words = BearerWords.from(authorization) else { throw .keyMissing }
        guard let key = try look().get().key(for: words), key.role != .client else { throw .keyUnknown }
        return key
    }

    private func admin(_ certificate: ClientCertificate, _ now: Timestamp) throws(GatewayError) -> AccessKey {
        guard certificate.expires.timeIntervalSince1970 > Double(now.millisecondsSinceEpoch) / 1_000,
            let name = certificate.name, let key = try look().get().key(certificate: name)
        else { throw .certificateUnknown }
        return key
    }

    /// What the last look found, without another. Where the file was damaged since it was in order, its keys stay:
    /// half of an edit must not turn every client away.
    var seen: Result<AccessKeys, GatewayError> {
        state.withLock { state in
            if let sound = state.sound { return .success(sound) }
            return state.keys ?? .success(AccessKeys())
        }
    }
}

/// The words of a bearer's key in an `Authorization` header.
enum BearerWords {
    /// Nil for another scheme and for no header.
    static func from(_ authorization: String?) -> String? {
        let words = authorization?.split(separator: " ", maxSplits: 1) ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }
}
