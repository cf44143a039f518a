internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import ServiceLifecycle

/// An HTTPS listener with every guard on it, for either plane.
///
/// A stranger reaches both before anyone knows who it is, so both take their guards from here.
struct SecureListener: Sendable {
    let host: String
    let port: Int
    let tls: TLSSetup
    let limits: GatewayLimits
    let logger: Logger
    /// Further handlers for each connection, or each HTTP/2 stream.
    var handlers: @Sendable () -> [any RemovableChannelHandler] = { [] }

    /// Listens until the shutdown.
    ///
    /// - Parameter onListening: told the port before the first connection is taken.
    func run(
        respond: @escaping HTTPChannelHandler.Responder,
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let tls = tls.configuration
        let (limits, channels) = (limits, channelConfiguration)
        let server = try HTTPServerBuilder { responder in
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
                address: .hostname(host, port: port),
                backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections, logger: logger)
            ),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            responder: respond
        ) { channel in
            await onListening(channel.localAddress?.port ?? 0)
        }
        do {
            try await server.run()
        } catch let error as IOError {
            throw GatewayError.cannotListen(host: host, port: port, reason: "\(error)")
        }
    }

    private var channelConfiguration: HTTP2ChannelConfiguration {
        let (limits, handlers) = (limits, handlers)
        return HTTP2ChannelConfiguration(
            idleTimeout: limits.idleTimeout,
            streamConfiguration: HTTP1Channel.Configuration(
                additionalChannelHandlers: handlers() + [
                    UploadTimer(limit: limits.bodyTimeout),
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
