internal import NIOCore
internal import NIOHTTPTypes

/// Ends requests whose body takes too long, however little of it is still missing.
///
/// The idle timer starts again at each byte, so a client that sends one now and then would hold its connection, and
/// the memory of what it has sent, for as long as it likes. The fault goes to whoever reads the body, who can still
/// answer; where nobody reads it any more, it ends the connection, or the stream, by itself.
final class UploadTimer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let limit: Duration
    private var isArriving = false
    private var timeout: Scheduled<Void>?

    init(limit: Duration) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: isArriving = true
        case .body: break
        case .end: stop()
        }
        context.fireChannelRead(data)
    }

    /// The timer starts here, so that a body which comes along with its head costs none.
    func channelReadComplete(context: ChannelHandlerContext) {
        if isArriving, timeout == nil {
            let limit = limit
            timeout = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
                context.fireErrorCaught(GatewayError.bodyTooSlow(limit: limit))
            }
        }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func stop() {
        isArriving = false
        timeout?.cancel()
        timeout = nil
    }
}
