import AsyncHTTPClient
import ModelExecutor
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Store
import Testing

@testable import Gateway

/// Clients that take their time, or the gateway's.
@Suite(.timeLimit(.minutes(5)))
struct SlowClientTests {
    private static let dripping = "content-length: 100\r\n\r\n{"

    @Test(arguments: ["/v1/chat/completions", "/v1/outcomes"])
    func `a body that takes too long is answered 408 and its connection closed`(path: String) async throws {
        var limits = GatewayLimits()
        limits.bodyTimeout = .milliseconds(20)
        try await LiveGateway.run(SteppedBackend(), limits: limits) { gateway in
            let answer = try await gateway.answer(to: "POST \(path) HTTP/1.1\r\nhost: x\r\n\(Self.dripping)")
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(answer.contains(#""code":"request_timeout""#))
        }
    }

    @Test func `a body that takes too long over HTTP2 is answered 408`() async throws {
        var limits = GatewayLimits()
        limits.bodyTimeout = .milliseconds(20)
        try await LiveGateway.run(SteppedBackend.complete(), limits: limits) { gateway in
            let (body, sender) = AsyncStream.makeStream(
                of: ByteBuffer.self,
                bufferingPolicy: .bufferingOldest(1)
            )
            sender.yield(ByteBuffer(string: "{"))
            var request = gateway.request("/v1/chat/completions", .POST)
            request.body = .stream(body, length: .unknown)
            let reply = try await gateway.send(request)
            #expect(reply.status == 408)
            #expect(try reply.errorCode == "request_timeout")
            #expect(try await gateway.chat().status == 200)
        }
    }

    @Test func `a body that nobody reads ends its connection all the same`() async throws {
        var limits = GatewayLimits()
        limits.bodyTimeout = .milliseconds(20)
        try await LiveGateway.run(SteppedBackend(), limits: limits) { gateway in
            let answer = try await gateway.answer(to: "GET /healthz HTTP/1.1\r\nhost: x\r\n\(Self.dripping)")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test func `a body on its way keeps nobody out`() async throws {
        var limits = GatewayLimits()
        limits.concurrentRequests = 1
        try await LiveGateway.run(SteppedBackend.complete(), limits: limits) { gateway in
            let slow = try await gateway.connection()
            try await slow.writeAndFlush(
                ByteBuffer(string: "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\(Self.dripping)")
            )
            while gateway.core.arrivals.count == 0 { await Task.yield() }
            #expect(try await gateway.chat().status == 200)
            try await slow.close()
            while gateway.core.arrivals.count > 0 { await Task.yield() }
        }
    }

    @Test func `bodies on their way are taken up to their limit and refused past it`() async throws {
        var limits = GatewayLimits()
        limits.arrivingBodyBytes = LiveGateway.chatBody().utf8.count
        limits.retryAfterSeconds = 3
        try await LiveGateway.run(SteppedBackend.complete(), limits: limits) { gateway in
            for _ in 0..<2 { #expect(try await gateway.chat().status == 200) }
            let refused = try await gateway.post("/v1/chat/completions", LiveGateway.chatBody() + " ")
            #expect(refused.status == 503)
            #expect(try refused.errorCode == "overloaded")
            #expect(refused.headers.first(name: "retry-after") == "3")
            #expect(try await gateway.chat().status == 200)
        }
    }

    /// A client's first words in HTTP/2: the preface and empty settings.
    private static let greeting = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0"

    /// Headers of stream 1 that never end.
    private static let headers = "\0\0\u{1}\u{1}\0\0\0\0\u{1}\u{2}"

    @Test(arguments: [greeting, greeting + headers])
    func `an HTTP2 client that begins nothing is closed on`(text: String) async throws {
        var limits = GatewayLimits()
        limits.idleTimeout = .milliseconds(20)
        try await LiveGateway.run(SteppedBackend(), limits: limits) { gateway in
            _ = try await gateway.answer(to: text, protocols: ["h2"])
        }
    }

    /// More than the kernel buffers between two sockets hold.
    private static let piece = String(repeating: "x", count: 1 << 20)

    @Test(arguments: [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only])
    func `a client that stops reading loses its request and its place`(
        version: HTTPClient.Configuration.HTTPVersion
    ) async throws {
        let backend = SteppedBackend()
        var limits = GatewayLimits()
        limits.writeStallTimeout = .milliseconds(20)
        try await LiveGateway.run(backend, limits: limits, httpVersion: version) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: true)
            )
            async let execution = gateway.client.execute(request, timeout: .seconds(30))
            let call = try #require(await backend.nextCall())
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")))
            let response = try await execution
            for _ in 0..<32 { call.send(.answer(Self.piece)) }
            for await _ in call.cancellations {}
            await gateway.settled()
            let row = try gateway.recorded(response.headers.first(name: "x-headgate-request-id"))
            #expect(row?.completion?.state == .clientGone)
            await #expect(throws: (any Error).self) { try await response.body.collect(upTo: 1 << 30) }
        }
    }
}

extension LiveGateway {
    /// A TLS connection that says only what is written to it: in HTTP/1.1, unless other protocols are offered.
    func connection(
        protocols: [String] = [],
        _ configure: @escaping @Sendable (any Channel) throws -> Void = { _ in }
    ) async throws -> any Channel {
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .file(try #require(tls.certificateAuthorityFile))
        trust.applicationProtocols = protocols
        let context = try NIOSSLContext(configuration: trust)
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandler(handler)
                    try configure(channel)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    /// Sends bytes over TLS and returns all that comes back until the server closes.
    func answer(to text: String, protocols: [String] = []) async throws -> String {
        let (pieces, sender) = AsyncStream.makeStream(of: ByteBuffer.self, bufferingPolicy: .unbounded)
        let channel = try await connection(protocols: protocols) { channel in
            try channel.pipeline.syncOperations.addHandler(Collector(sender))
        }
        try await channel.writeAndFlush(ByteBuffer(string: text))
        var answer = ""
        for await piece in pieces { answer += String(buffer: piece) }
        return answer
    }
}

/// Passes on what arrives, to the end of the connection.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let sender: AsyncStream<ByteBuffer>.Continuation

    init(_ sender: AsyncStream<ByteBuffer>.Continuation) {
        self.sender = sender
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sender.yield(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        sender.finish()
    }
}
