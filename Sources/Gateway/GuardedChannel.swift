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
    let writeStallTimeout: Duration

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP2UpgradeChannel.Value> {
        let value = base.setup(channel: channel, logger: logger)
        do {
            let pipeline = channel.pipeline.syncOperations
            let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
            try pipeline.addHandler(WriteStallTimer(limit: writeStallTimeout), position: .before(tls))
            try pipeline.addHandler(
                ConnectionGuard(timeout: TimeAmount(handshakeTimeout)),
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

/// Ends connections that never finish their handshake, and loses nothing when one is closed.
///
/// Until a protocol is negotiated no idle timer runs and nobody answers to a shutdown, so a bare TCP connection
/// would hold its place, and the shutdown, for as long as it likes. And when a draining HTTP/2 connection's last
/// stream ends, it is closed before the stream's last bytes are flushed, so a close flushes first.
private final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    private let timeout: TimeAmount
    private var handshake: Scheduled<Void>?

    init(timeout: TimeAmount) {
        self.timeout = timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        handshake = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        handshake?.cancel()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(_)? = event as? TLSUserEvent {
            handshake?.cancel()
            handshake = nil
        } else if event is ChannelShouldQuiesceEvent, handshake != nil {
            context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.flush()
        context.close(mode: mode, promise: promise)
    }
}
