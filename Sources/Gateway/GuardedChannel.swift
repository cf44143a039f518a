internal import HummingbirdCore
internal import HummingbirdHTTP2
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// Hummingbird's TLS connection with guards on it, for the moments at which nobody else holds it.
struct GuardedChannel: ServerChildChannel {
    let base: HTTP2UpgradeChannel
    let handshakeTimeout: Duration
    let idleTimeout: Duration
    let writeStallTimeout: Duration

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP2UpgradeChannel.Value> {
        let value = base.setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(WriteStallTimer(limit: writeStallTimeout), position: .before(tls))
            try pipeline.addHandler(
                ConnectionGuard(handshakeTimeout: handshakeTimeout, streamlessTimeout: idleTimeout * 2),
                position: .after(tls)
            )
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
        return value
    }

    func handle(value: HTTP2UpgradeChannel.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}

/// Ends connections that come to nothing, and loses nothing when one is closed.
///
/// Until a protocol is negotiated no idle timer runs and nobody answers to a shutdown, so a bare TCP connection
/// would hold its place, and the shutdown, for as long as it likes. An idle HTTP/2 connection is told goodbye, and
/// closed only if its client answers. And when a draining HTTP/2 connection's last stream ends, it is closed before
/// the stream's last bytes are flushed, so a close flushes first.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    private let handshakeTimeout: Duration
    private let streamlessTimeout: Duration
    private var isHandshaking = true
    private var streams = 0
    private var timeout: Scheduled<Void>?

    init(handshakeTimeout: Duration, streamlessTimeout: Duration) {
        self.handshakeTimeout = handshakeTimeout
        self.streamlessTimeout = streamlessTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        close(context.channel, in: handshakeTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeout?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            isHandshaking = false
            timeout?.cancel()
            if negotiated == "h2" { close(context.channel, in: streamlessTimeout) }
        } else if event is ChannelShouldQuiesceEvent, isHandshaking {
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.flush()
        context.close(mode: mode, promise: promise)
    }

    func streamOpened() {
        streams += 1
        timeout?.cancel()
    }

    func streamClosed(on connection: any Channel) {
        streams -= 1
        if streams == 0, connection.isActive { close(connection, in: streamlessTimeout) }
    }

    private func close(_ channel: any Channel, in time: Duration) {
        timeout = channel.eventLoop.scheduleTask(in: TimeAmount(time)) { channel.close(promise: nil) }
    }
}

/// Tells a connection's guard of its HTTP/2 streams.
final class StreamCounter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
        connectionGuard(context)?.streamOpened()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        guard let connection = context.channel.parent else { return }
        connectionGuard(context)?.streamClosed(on: connection)
    }

    private func connectionGuard(_ context: ChannelHandlerContext) -> ConnectionGuard? {
        guard context.channel.isStream else { return nil }
        return try? context.channel.parent?.pipeline.syncOperations.handler(type: ConnectionGuard.self)
    }
}

extension Channel {
    /// Whether this is one HTTP/2 stream of a connection: the listener's child is the connection.
    var isStream: Bool { parent?.parent != nil }
}
