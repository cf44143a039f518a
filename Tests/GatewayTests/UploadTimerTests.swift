import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import Gateway

struct UploadTimerTests {
    private static let head = HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "https", authority: "x", path: "/")
    )
    private static let byte = HTTPRequestPart.body(ByteBuffer(string: "{"))
    private static let fault = GatewayError.bodyTooSlow(limit: .seconds(3))

    private func channel() -> EmbeddedChannel {
        EmbeddedChannel(handler: UploadTimer(limit: .seconds(3)))
    }

    @Test func `a body that is complete just in time is left alone`() throws {
        let channel = channel()
        try channel.writeInbound(Self.head)
        channel.embeddedEventLoop.advanceTime(by: .nanoseconds(2_999_999_999))
        try channel.writeInbound(HTTPRequestPart.end(nil))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        try channel.throwIfErrorCaught()
    }

    @Test func `a body that still comes at the limit is at fault, however often it said something`() throws {
        let channel = channel()
        try channel.writeInbound(Self.head)
        for _ in 0..<2 {
            channel.embeddedEventLoop.advanceTime(by: .seconds(1))
            try channel.writeInbound(Self.byte)
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(throws: Self.fault) { try channel.throwIfErrorCaught() }
    }

    @Test func `each request has its own time`() throws {
        let channel = channel()
        for _ in 0..<3 {
            try channel.writeInbound(Self.head)
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            try channel.writeInbound(HTTPRequestPart.end(nil))
        }
        try channel.throwIfErrorCaught()
    }

    @Test func `a connection that is gone has no timer left`() throws {
        let channel = channel()
        try channel.writeInbound(Self.head)
        _ = try channel.finish()
        channel.embeddedEventLoop.advanceTime(by: .seconds(3))
        try channel.throwIfErrorCaught()
    }
}
