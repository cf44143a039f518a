public import Logging
public import ServiceLifecycle
public import Store
public import Telemetry

/// Where and how the admin plane listens, and who may use it.
public struct AdminConfiguration: Sendable {
    public let host: String
    /// 0 lets the system choose.
    public let port: Int
    public let tls: TLSSetup
    public let keys: Keyring
    public var limits = GatewayLimits.admin

    public init(host: String, port: Int, tls: TLSSetup, keys: Keyring) {
        self.host = host
        self.port = port
        self.tls = tls
        self.keys = keys
    }
}

/// The admin plane: where rollouts are commanded and policies changed, by whoever has a key.
///
/// It has a listener of its own, so that an address which everybody reaches never leads to it, and so that traffic
/// which fills the data plane leaves this one open.
public struct AdminServer: Service {
    private let listener: SecureListener
    private let responder: AdminResponder
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameter onListening: told the port once connections are taken.
    public init(
        configuration: AdminConfiguration,
        actions: AdminActions,
        metrics: HeadgateMetrics,
        now: @escaping @Sendable () -> Timestamp = { .now },
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        let limits = configuration.limits
        func admission(_ load: Load, _ limit: Int) -> Admission {
            Admission(load, limit: limit, retryAfterSeconds: limits.retryAfterSeconds)
        }
        listener = SecureListener(
            host: configuration.host,
            port: configuration.port,
            tls: configuration.tls,
            limits: limits,
            logger: logger
        )
        responder = AdminResponder(
            actions: actions,
            keyring: configuration.keys,
            limits: limits,
            admission: admission(.requests, limits.concurrentRequests),
            arrivals: admission(.bodyBytes, limits.arrivingBodyBytes),
            metrics: metrics,
            date: HTTPDate(now: now),
            now: now,
            knowsCertificates: configuration.tls.knowsClients
        )
        self.onListening = onListening
    }

    public func run() async throws {
        responder.keyring.look()
        let responder = responder
        try await listener.run { request, writer, channel in
            try await responder.respond(to: request, with: writer, on: channel)
        } onListening: { port in
            await onListening(port)
        }
    }
}
