import NIOCore
import NIOHTTP1
import NIOTLS

/// One keep-alive connection that sends the same request over and over and times each answer.
///
/// A channel handler rather than an HTTP client: the generator shares the machine with the gateway it
/// measures, so every cycle it spends is taken from the result.
final class LoadConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// The request that is repeated.
    struct Shot: Sendable {
        let head: HTTPRequestHead
        let body: ByteBuffer
    }

    /// What one connection saw.
    struct Sightings: Sendable {
        var nanoseconds: [Int64] = []
        var refused = 0
        /// When the first counted request left and the last answer came.
        var from = NIODeadline.distantFuture
        var to = NIODeadline.distantPast
    }

    private let shot: Shot
    private let warmUp: Int
    private let total: Int
    private let finished: EventLoopPromise<Sightings>
    private var sightings = Sightings()
    private var sent = 0
    private var sentAt = NIODeadline.now()
    private var status = HTTPResponseStatus.ok

    init(shot: Shot, warmUp: Int, total: Int, finished: EventLoopPromise<Sightings>) {
        self.shot = shot
        self.warmUp = warmUp
        self.total = total
        self.finished = finished
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(_) = event { send(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = head.status
        case .body: break
        case .end: answered(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finished.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finished.fail(ChannelError.eof)
    }

    private func send(_ context: ChannelHandlerContext) {
        sent += 1
        sentAt = .now()
        context.write(wrapOutboundOut(.head(shot.head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(shot.body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func answered(_ context: ChannelHandlerContext) {
        if sent > warmUp {
            sightings.from = min(sightings.from, sentAt)
            sightings.to = .now()
            sightings.nanoseconds.append((sightings.to - sentAt).nanoseconds)
            if status != .ok { sightings.refused += 1 }
        }
        guard sent < total else {
            finished.succeed(sightings)
            context.close(promise: nil)
            return
        }
        send(context)
    }
}
