import NIOCore
import NIOEmbedded
import Testing

@testable import Gateway

struct WriteStallTimerTests {
    private func channel() throws -> EmbeddedChannel {
        let channel = EmbeddedChannel(handler: WriteStallTimer(limit: .seconds(3)))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private func set(_ channel: EmbeddedChannel, writable: Bool) {
        channel.isWritable = writable
        channel.pipeline.fireChannelWritabilityChanged()
    }

    @Test func `a client that reads again just in time keeps its connection`() throws {
        let channel = try channel()
        for _ in 0..<3 {
            set(channel, writable: false)
            channel.embeddedEventLoop.advanceTime(by: .nanoseconds(2_999_999_999))
            set(channel, writable: true)
        }
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
    }

    @Test func `a client that reads nothing up to the limit loses its connection`() throws {
        let channel = try channel()
        set(channel, writable: false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        set(channel, writable: false)
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test func `a channel that starts out stalled is watched too`() throws {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        channel.isWritable = false
        try channel.pipeline.syncOperations.addHandler(WriteStallTimer(limit: .seconds(3)))
        channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        #expect(!channel.isActive)
    }
}
