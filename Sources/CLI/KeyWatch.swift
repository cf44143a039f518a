import Gateway
import Logging
import ServiceLifecycle
import Store

/// Keeps what the data plane knows of the key file up to date, and tells the audit who came and went.
///
/// A key opens the data plane, or stops doing so, at the first look after the change, whether or not the audit can be
/// written: a lost key must not go on working because the disk is full. What the audit lacks it gets later.
struct KeyWatch: Service {
    /// Between two looks; so long a removed key may still be let in.
    static let interval = Duration.milliseconds(500)

    private let keyring: Keyring
    private let store: RecordStore
    private let logger: Logger
    private var audit: KeyAudit
    private var isBehind = false

    /// Looks for the first time, so that the first request meets the keys as they are.
    init(_ keyring: Keyring, _ parts: Serve.Parts, recordAt path: String) async throws(StoreError) {
        self.keyring = keyring
        store = parts.store
        logger = parts.logger
        audit = KeyAudit(try RecordReader(path: path).audits(by: KeyAudit.actor))
        await look(reason: "found at the start")
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { await keepLooking() }
    }

    private func keepLooking() async {
        var watch = self
        while (try? await Task.sleep(for: Self.interval)) != nil {
            await watch.look(reason: "the key file changed")
        }
    }

    private mutating func look(reason: String) async {
        guard case .success(let keys) = keyring.look() else { return }
        let lines = audit.lines(for: keys, reason: reason)
        guard !lines.isEmpty else { return }
        do {
            try await store.record(InForceChange(policies: [], audits: lines))
            for line in lines { audit.take(line) }
            isBehind = false
        } catch {
            // Said once, not at each look until the record can be written again.
            if !isBehind { logger.error("keys changed and the audit can't be told yet: \(error)") }
            isBehind = true
        }
    }
}
