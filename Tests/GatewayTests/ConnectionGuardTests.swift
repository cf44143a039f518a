import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import Gateway

struct ConnectionGuardTests {
    private let guardian = ConnectionGuard(handshakeTimeout: .seconds(1), streamlessTimeout: .seconds(3))

    private func channel(negotiated: String?) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: guardian)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.pipeline.fireUserInboundEventTriggered(
            TLSUserEvent.handshakeCompleted(negotiatedProtocol: negotiated)
        )
        return channel
    }

    @Test func `an HTTP2 connection without a stream is closed at its limit`() throws {
        let channel = try channel(negotiated: "h2")
        channel.embeddedEventLoop.advanceTime(by: .nanoseconds(2_999_999_999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .nanoseconds(1))
        #expect(!channel.isActive)
    }

    @Test func `an HTTP2 connection stays while it has a stream, and a while after`() throws {
        let channel = try channel(negotiated: "h2")
        for _ in 0..<2 { guardian.streamOpened() }
        guardian.streamClosed(on: channel)
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        guardian.streamClosed(on: channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        guardian.streamOpened()
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
        guardian.streamClosed(on: channel)
        channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }

    @Test func `an HTTP1 connection has its own idle timer`() throws {
        let channel = try channel(negotiated: "http/1.1")
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
    }
}
