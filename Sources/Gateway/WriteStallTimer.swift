internal import NIOCore

/// Ends a connection, or one HTTP/2 stream, whose client has stopped reading.
///
/// A write waits while the channel is not writable, and the request that makes it holds its place and its memory
/// meanwhile. One timer per stall sees that from the channel's side; racing each write against a clock would cost
/// two tasks per piece of an answer. Whoever waits learns of it as of any client that has gone.
///
/// A connection needs one in front of TLS, for a polite close waits for the very client that isn't reading; each
/// HTTP/2 stream needs its own, for a client can close its window and read on.
final class WriteStallTimer: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let limit: Duration
    private var timeout: Scheduled<Void>?

    init(limit: Duration) {
        self.limit = limit
    }

    func handlerAdded(context: ChannelHandlerContext) {
        watch(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stop()
    }

    private func watch(_ context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stop()
        } else if timeout == nil {
            timeout = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limit)) {
                context.close(promise: nil)
            }
        }
    }

    private func stop() {
        timeout?.cancel()
        timeout = nil
    }
}
