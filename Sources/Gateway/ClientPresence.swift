internal import NIOCore
internal import Synchronization

/// Tells the task that serves a request when the client of that request has gone.
///
/// Hummingbird's own way (`consumeWithInboundCloseHandler`) gives up the connection after each use, and a callback
/// on a channel's `closeFuture` can't be taken back, so a long-lived connection would collect one per request.
/// This keeps one entry per connection, or per HTTP/2 stream, for as long as that lives.
final class ClientPresence: Sendable {
    private struct Client {
        var hasLeft = false
        var waiter: AsyncStream<Never>.Continuation?
    }

    private let clients = Mutex<[ObjectIdentifier: Client]>([:])

    /// Returns when the channel's client has gone, or when the task is cancelled.
    func departure(from channel: any Channel) async {
        // It never carries an element: its end is the message.
        let (departures, waiter) = AsyncStream.makeStream(
            of: Never.self,
            bufferingPolicy: .bufferingOldest(1)
        )
        let hasLeft = clients.withLock { clients in
            guard let client = clients[ObjectIdentifier(channel)] else { return true }
            if !client.hasLeft { clients[ObjectIdentifier(channel)]?.waiter = waiter }
            return client.hasLeft
        }
        if hasLeft { return }
        for await _ in departures {}
        clients.withLock { $0[ObjectIdentifier(channel)]?.waiter = nil }
    }

    /// The handler that each channel needs in its pipeline for `departure(from:)` to know it.
    func makeHandler() -> some RemovableChannelHandler & ChannelInboundHandler {
        DepartureHandler(presence: self)
    }

    fileprivate func add(_ channel: any Channel) {
        clients.withLock { $0[ObjectIdentifier(channel)] = Client() }
    }

    fileprivate func leave(_ channel: any Channel) {
        let waiter = clients.withLock { clients in
            clients[ObjectIdentifier(channel)]?.hasLeft = true
            return clients[ObjectIdentifier(channel)]?.waiter
        }
        waiter?.finish()
    }

    fileprivate func remove(_ channel: any Channel) {
        clients.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }?.waiter?.finish()
    }
}

private final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias InboundOut = NIOAny

    private let presence: ClientPresence

    init(presence: ClientPresence) {
        self.presence = presence
    }

    func handlerAdded(context: ChannelHandlerContext) {
        presence.add(context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        presence.remove(context.channel)
    }

    func channelInactive(context: ChannelHandlerContext) {
        presence.leave(context.channel)
        context.fireChannelInactive()
    }

    /// A connection whose sending half is closed counts as gone: over TLS that is how a client hangs up.
    ///
    /// On an HTTP/2 stream the same event only ends the request's body.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event, !context.channel.isStream {
            presence.leave(context.channel)
        }
        context.fireUserInboundEventTriggered(event)
    }
}
