import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct TransportTests {
    @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
    func `both TLS 1.2 and 1.3 are served`(version: TLSVersion) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let status = try await gateway.status(version, within: .seconds(30))
            #expect(status == 200)
        }
    }

    @Test(arguments: [TLSVersion.tlsv1, .tlsv11])
    func `older TLS is refused`(version: TLSVersion) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            await #expect(throws: (any Error).self) {
                try await gateway.status(version, within: .seconds(2))
            }
        }
    }

    @Test(arguments: [
        (HTTPClient.Configuration.HTTPVersion.automatic, 2), (.http1Only, 1),
    ])
    func `the client's choice of protocol is taken`(
        version: HTTPClient.Configuration.HTTPVersion,
        major: Int
    ) async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete(), httpVersion: version) {
            try await $0.get("/healthz")
        }
        #expect(reply.version.major == major)
    }

    @Test func `a client that trusts another certificate is not talked to`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            try await LiveGateway.run(SteppedBackend.complete()) { other in
                await #expect(throws: (any Error).self) {
                    try await gateway.client.execute(other.request("/healthz"), timeout: .seconds(2))
                }
            }
        }
    }

    @Test func `plain HTTP gets no answer`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let answer = try await gateway.raw("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            #expect(!answer.contains("HTTP/1.1"))
        }
    }

    @Test func `a connection is used again after a stream`() async throws {
        try await LiveGateway.run(SteppedBackend.complete(), httpVersion: .http1Only) { gateway in
            for _ in 0..<3 {
                let streamed = try await gateway.chat(stream: true)
                let whole = try await gateway.chat()
                #expect(streamed.status == 200)
                #expect(whole.status == 200)
            }
        }
    }

    @Test func `a connection without a handshake does not hold up a shutdown`() async throws {
        try await LiveGateway.run(SteppedBackend()) { gateway in
            let channel = try await gateway.bareConnection()
            await gateway.shutDown()
            try await channel.closeFuture.get()
        }
    }

    @Test func `a connection that never finishes its handshake is closed`() async throws {
        var limits = GatewayLimits()
        limits.handshakeTimeout = .milliseconds(20)
        try await LiveGateway.run(SteppedBackend(), limits: limits) { gateway in
            try await gateway.bareConnection().closeFuture.get()
        }
    }

    @Test func `a shutdown lets the request in progress finish`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            async let reply = gateway.chat()
            let call = try #require(await backend.nextCall())
            await gateway.shutDown()
            call.finish()
            #expect(try await reply.status == 200)
        }
    }
}

extension LiveGateway {
    /// A TCP connection on which nothing is ever sent.
    fileprivate func bareConnection() async throws -> any Channel {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port).get()
    }

    fileprivate func status(_ version: TLSVersion, within patience: TimeAmount) async throws -> UInt {
        var configuration = HTTPClient.Configuration()
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .file(try #require(tls.certificateAuthorityFile))
        trust.minimumTLSVersion = version
        trust.maximumTLSVersion = version
        configuration.tlsConfiguration = trust
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<UInt, any Error>
        do {
            // A client's pool tries a failed handshake again for as long as it may.
            let response = try await client.execute(request("/healthz"), timeout: patience)
            result = .success(response.status.code)
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }

    /// Sends bytes over plain TCP and returns all that comes back until the server closes.
    fileprivate func raw(_ text: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            var answer = ""
            for try await buffer in inbound { answer += String(buffer: buffer) }
            return answer
        }
    }
}
