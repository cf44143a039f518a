internal import FoundationEssentials
internal import HummingbirdCore
internal import HummingbirdHTTP2
public import Logging
public import ModelExecutor
internal import NIOCore
internal import NIOPosix
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

    public init(host: String, port: Int, tls: TLSSetup) {
        self.host = host
        self.port = port
        self.tls = tls
    }
}

/// The data plane: HTTPS only, HTTP/2 and HTTP/1.1 as the client prefers.
///
/// The backend has its model and the store its file before a server exists, so a server that listens is ready.
/// On graceful shutdown `/readyz` turns first, then the listener closes, then the requests in progress finish.
public struct GatewayServer: Service {
    private let configuration: GatewayConfiguration
    let core: GatewayCore
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - policies: read once per request.
    ///   - store: must have been told of every policy version before it becomes active.
    ///   - onListening: told the port once connections are taken.
    public init(
        configuration: GatewayConfiguration,
        policies: ActivePolicies,
        backend: any GenerationBackend,
        store: RecordStore,
        metrics: HeadgateMetrics,
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
            backend: backend,
            store: store,
            metrics: metrics,
            limits: limits,
            admission: admission(.requests, limits.concurrentRequests),
            outcomeAdmission: admission(.outcomes, limits.concurrentOutcomeRequests),
            arrivals: admission(.bodyBytes, limits.arrivingBodyBytes),
            readiness: Readiness(),
            presence: ClientPresence(),
            ids: RequestID.Generator(after: store.lastRequestID, now: now),
            started: now(),
            now: now,
            seed: seed,
            logger: logger
        )
    }

    public func run() async throws {
        core.metrics.http.certificateExpiry.set(configuration.tls.expires.timeIntervalSince1970)
        let server = try makeServer()
        let readiness = core.readiness
        try await withGracefulShutdownHandler {
            do {
                try await server.run()
            } catch let error as IOError {
                throw GatewayError.cannotListen(
                    host: configuration.host,
                    port: configuration.port,
                    reason: "\(error)"
                )
            }
        } onGracefulShutdown: {
            readiness.drain()
        }
    }

    private func makeServer() throws -> any Service {
        let responder = GatewayResponder(core: core, date: HTTPDate(now: core.now))
        let readiness = core.readiness
        let onListening = onListening
        let (tls, channels) = (configuration.tls.configuration, channelConfiguration)
        let limits = configuration.limits
        return try HTTPServerBuilder { responder in
            GuardedChannel(
                base: try HTTP2UpgradeChannel(
                    tlsConfiguration: tls,
                    configuration: channels,
                    responder: responder
                ),
                handshakeTimeout: limits.handshakeTimeout,
                idleTimeout: limits.idleTimeout,
                writeStallTimeout: limits.writeStallTimeout
            )
        }.buildServer(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(
                    configuration.limits.connections,
                    logger: core.logger
                )
            ),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: core.logger
        ) { request, writer, channel in
            try await responder.respond(to: request, with: writer, on: channel)
        } onServerRunning: { channel in
            readiness.becomeReady()
            await onListening(channel.localAddress?.port ?? 0)
        }
    }

    private var channelConfiguration: HTTP2ChannelConfiguration {
        let limits = configuration.limits
        let presence = core.presence
        return HTTP2ChannelConfiguration(
            idleTimeout: limits.idleTimeout,
            streamConfiguration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    presence.makeHandler(), UploadTimer(limit: limits.bodyTimeout),
                    WriteStallTimer(limit: limits.writeStallTimeout), StreamCounter(),
                ],
                idleTimeout: TimeAmount(limits.idleTimeout),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerBytes,
                    maxHeaderListSize: limits.headerBytes,
                    maxHeaderFieldCount: limits.headerCount
                )
            )
        )
    }
}
