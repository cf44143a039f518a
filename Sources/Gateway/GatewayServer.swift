internal import FoundationEssentials
public import Logging
public import ModelExecutor
public import Policy
public import ServiceLifecycle
public import Store
public import Telemetry

/// Where and how a gateway listens.
public struct GatewayConfiguration: Sendable {
    public var host: String
    /// 0 lets the system choose.
    public var port: Int
    public var tls: TLSSetup
    public var limits = GatewayLimits()
    public var clients = ClientAccess.open

    public init(host: String, port: Int, tls: TLSSetup) {
        self.host = host
        self.port = port
        self.tls = tls
    }
}

/// The data plane: HTTPS only, HTTP/2 and HTTP/1.1 as the client prefers.
///
/// The backend has its model and the store its file before a server exists, so a server that listens is ready.
/// On graceful shutdown `/readyz` turns and shadows end first, then the listener closes, then the requests in progress
/// finish.
public struct GatewayServer: Service {
    private let configuration: GatewayConfiguration
    let core: GatewayCore
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - policies: read once per request.
    ///   - store: must have been told of every policy version before it becomes active.
    ///   - firstAttempts: those that the record has from before, so that a restart makes no retry a request.
    ///   - shadows: runs beside the server, in the same group and before it; the server stops it when it drains.
    ///   - onListening: told the port once connections are taken.
    public init(
        configuration: GatewayConfiguration,
        policies: ActivePolicies,
        backend: any GenerationBackend,
        store: RecordStore,
        firstAttempts: FirstAttempts = FirstAttempts(),
        metrics: HeadgateMetrics,
        shadows: ShadowService,
        now: @escaping @Sendable () -> Timestamp = { .now },
        seed: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
        logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) {
        self.configuration = configuration
        self.onListening = onListening
        let limits = configuration.limits
        func admission(_ load: Load, _ limit: Int) -> Admission {
            Admission(load, limit: limit, retryAfterSeconds: limits.retryAfterSeconds)
        }
        core = GatewayCore(
            policies: policies,
            clients: configuration.clients,
            backend: backend,
            store: store,
            metrics: metrics,
            shadows: shadows,
            limits: limits,
            admission: admission(.requests, limits.concurrentRequests),
            outcomeAdmission: admission(.outcomes, limits.concurrentOutcomeRequests),
            arrivals: admission(.bodyBytes, limits.arrivingBodyBytes),
            readiness: Readiness(),
            presence: ClientPresence(),
            firstAttempts: firstAttempts,
            ids: RequestID.Generator(after: store.lastRequestID, now: now),
            started: now(),
            now: now,
            seed: seed,
            logger: logger
        )
    }

    public func run() async throws {
        core.metrics.http.certificateExpiry.set(configuration.tls.expires.timeIntervalSince1970)
        let responder = GatewayResponder(core: core, date: HTTPDate(now: core.now))
        let (readiness, presence, onListening) = (core.readiness, core.presence, onListening)
        let shadows = core.shadows
        let listener = SecureListener(
            host: configuration.host,
            port: configuration.port,
            tls: configuration.tls,
            limits: configuration.limits,
            logger: core.logger
        ) { [presence.makeHandler()] }
        try await withGracefulShutdownHandler {
            try await listener.run { request, writer, channel in
                try await responder.respond(to: request, with: writer, on: channel)
            } onListening: { port in
                readiness.becomeReady()
                await onListening(port)
            }
        } onGracefulShutdown: {
            readiness.drain()
            shadows.stop()
        }
    }
}
