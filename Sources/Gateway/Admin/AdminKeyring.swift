internal import Logging
internal import Synchronization

/// Who a request's key belongs to, by the key file as it is at that moment.
///
/// Each request reads the file, which is small and bounded, and takes it apart only where its bytes have changed:
/// unlike its times they can't miss a change, and a key that was removed a moment ago opens nothing.
final class AdminKeyring: Sendable {
    private struct Seen {
        let contents: Result<StateFolder.Contents?, GatewayError>
        let keys: Result<AdminKeys, GatewayError>
    }

    private let file: AdminKeyFile
    private let logger: Logger
    private let last = Mutex<Seen?>(nil)

    init(_ file: AdminKeyFile, logger: Logger) {
        self.file = file
        self.logger = logger
    }

    /// Logs what is wrong with the file, at the start rather than when somebody is in a hurry to roll back.
    func check() { _ = current() }

    /// - Parameter authorization: the header's value.
    func key(for authorization: String?) throws(GatewayError) -> AdminKey {
        let words = authorization?.split(separator: " ", maxSplits: 1) ?? []
        guard words.count == 2, words[0].lowercased() == "bearer" else { throw .keyMissing }
        guard let key = try current().get().key(for: String(words[1])) else { throw .keyUnknown }
        return key
    }

    /// What is wrong with the file is logged once, not once a request.
    private func current() -> Result<AdminKeys, GatewayError> {
        let contents = Result { () throws(GatewayError) in try file.contents() }
        return last.withLock { last in
            if let last, last.contents == contents { return last.keys }
            let keys = contents.flatMap { contents in
                Result { () throws(GatewayError) in try file.keys(in: contents) }
            }
            if case .failure(let error) = keys { logger.error("\(error)") }
            last = Seen(contents: contents, keys: keys)
            return keys
        }
    }
}
