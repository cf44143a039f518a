import Foundation
import Gateway
import Policy
import Rollout
import ServiceLifecycle
import Store

/// The admin plane of one gateway, or none where it is turned off.
struct AdminPlane: Sendable {
    let services: [any Service]
    /// Ends once the plane listens; it never carries an element.
    private let announcement: AsyncStream<Never>

    /// The address to listen on; nil for none at all.
    static func address(_ text: String) throws(UsageError) -> ListenAddress? {
        text == "none" ? nil : try ListenAddress(text)
    }

    /// On a loopback address it serves the certificate made here whatever `--cert` says: that one names a host, and
    /// the commands on this machine would not find their gateway under it.
    init(
        at address: ListenAddress?,
        _ serve: Serve,
        _ parts: Serve.Parts,
        _ keys: Keyring,
        _ actions: AdminActions
    ) throws(GatewayError) {
        let (announcement, announced) = AsyncStream.makeStream(
            of: Never.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        self.announcement = announcement
        guard let address else {
            services = []
            announced.finish()
            return
        }
        let isLoopback = TLSSetup.isLoopback(address.host)
        var tls = try TLSSetup(
            host: address.host,
            certificate: isLoopback ? nil : serve.cert,
            key: isLoopback ? nil : serve.key,
            stateFolder: serve.state,
            now: Date()
        )
        if let authority = serve.adminClientCa { tls = try tls.knowingClients(of: authority) }
        services = [
            AdminServer(
                configuration: AdminConfiguration(
                    host: address.host,
                    port: address.port,
                    tls: tls,
                    keys: keys
                ),
                actions: actions,
                metrics: parts.metrics,
                logger: parts.logger
            ) { port in
                StandardOutput.announce("admin https://\(ListenAddress(host: address.host, port: port))")
                announced.finish()
            }
        ]
    }

    /// Waits until the plane has told its address, or not at all where there is none.
    ///
    /// - Returns: false if it can't listen, so that everything is being ended.
    func hasAnnounced() async -> Bool {
        for await _ in announcement {}
        return !Task.isCancelled
    }
}

extension AdminActions {
    /// What the admin plane may do with these rollouts, these policies and their folder, and the audit of this record.
    init(
        _ rollouts: RolloutController,
        _ policies: ActivePolicies,
        _ folder: PolicyWatcher,
        recordAt path: String
    ) throws(StoreError) {
        self.init(
            policies: { policies.current },
            folder: folder,
            rollouts: { rollouts.statuses },
            command: { command, policy, actor in await rollouts.command(command, policy, by: actor) },
            record: AdminRecord(try RecordReader(path: path))
        )
    }
}
