import AsyncHTTPClient
import ModelExecutor
import NIOCore
import NIOHTTP1
import Policy
import Store
import Testing

@testable import Gateway

/// Requests that are cut short: by their client, or by a shutdown that waits no longer.
@Suite(.timeLimit(.minutes(5)))
struct DepartureTests {
    private enum Interruption: Sendable { case departure, cutOff }

    /// What the record has of a request that was interrupted while its model worked.
    private func interrupted(
        by interruption: Interruption,
        _ version: HTTPClient.Configuration.HTTPVersion = .automatic,
        stream: Bool
    ) async throws -> ArmObservations? {
        let backend = SteppedBackend()
        return try await LiveGateway.run(backend, httpVersion: version) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: stream)
            )
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    // How a client sees its connection end is no matter here.
                    let response = try? await gateway.client.execute(request, timeout: .seconds(30))
                    _ = try? await response?.body.collect(upTo: 1 << 20)
                }
                guard let call = await backend.nextCall() else { return }
                call.send(.prefilled(Prefilled(promptTokens: 9)))
                if stream { call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm"))) }
                switch interruption {
                case .departure: group.cancelAll()
                case .cutOff: gateway.cutOffAll()
                }
                for await _ in call.cancellations {}
            }
            await gateway.settled()
            return try RecordReader(path: gateway.recordPath)
                .observations(of: "effort", metric: "success").first
        }
    }

    private func expectCharged(_ arm: ArmObservations?) {
        let spent = SteppedBackend.Call.spent
        #expect(arm?.subjects.first?.candidateTokens == Double(spent.candidateTokens))
        #expect(arm?.subjects.first?.promptTokens == Double(spent.promptTokens))
        #expect(arm?.subjects.first?.cpuSeconds == 0.125)
    }

    @Test(arguments: [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only], [true, false])
    func `a client that leaves frees the model, and what was generated for it is recorded`(
        version: HTTPClient.Configuration.HTTPVersion,
        stream: Bool
    ) async throws {
        let arm = try await interrupted(by: .departure, version, stream: stream)
        #expect(arm?.ended == [.clientGone: 1])
        expectCharged(arm)
    }

    @Test(arguments: [true, false])
    func `a request that a shutdown cuts off is recorded with what was generated for it`(
        stream: Bool
    ) async throws {
        let arm = try await interrupted(by: .cutOff, stream: stream)
        #expect(arm?.ended == [.failed: 1])
        expectCharged(arm)
    }

    /// Without a word, as clients do that run out of patience: the connection takes its streams along.
    @Test(arguments: [true, false])
    func `a client that closes its HTTP2 connection has left`(stream: Bool) async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            let channel = try await gateway.connection(protocols: ["h2"]) { channel in
                try channel.pipeline.syncOperations.addHandler(SilentEnd(), position: .first)
            }
            let request = HTTP2Bytes.post("/v1/chat/completions", LiveGateway.chatBody(stream: stream))
            try await channel.writeAndFlush(ByteBuffer(bytes: request))
            let call = try #require(await backend.nextCall())
            call.send(.prefilled(Prefilled(promptTokens: 9)))
            channel.triggerUserOutboundEvent(SilentEnd.Event(), promise: nil)
            for await _ in call.cancellations {}
            await gateway.settled()
            let arm = try RecordReader(path: gateway.recordPath)
                .observations(of: "effort", metric: "success").first
            #expect(arm?.ended == [.clientGone: 1])
        }
    }

    @Test func `a departure is recorded with its scored steps and its first token`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: true)
            )
            async let reading = {
                let response = try await gateway.client.execute(request, timeout: .seconds(30))
                var body = response.body.makeAsyncIterator()
                _ = try await body.next()
                return response.headers.first(name: "x-headgate-request-id")
            }()
            let call = try #require(await backend.nextCall())
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")), .answer("2"))
            // Its response goes with the reader, and so does the client.
            let id = try await reading
            for await _ in call.cancellations {}
            await gateway.settled()
            let completion = try gateway.recorded(id)?.completion
            #expect(completion?.state == .clientGone)
            #expect(completion?.compute == RecordedCompute(SteppedBackend.Call.spent))
            #expect(completion?.firstToken != nil)
        }
    }
}

/// What an HTTP/2 client writes, by hand: a library's client says goodbye to each stream before it closes.
private enum HTTP2Bytes {
    /// The preface, empty settings and a whole request on stream 1.
    static func post(_ path: String, _ body: String) -> [UInt8] {
        let fields = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "x")]
        let parts = [
            Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
            frame(type: 4, flags: 0, stream: 0, []),
            frame(type: 1, flags: 4, stream: 1, fields.flatMap(literal)),
            frame(type: 0, flags: 1, stream: 1, Array(body.utf8)),
        ]
        return parts.flatMap(\.self)
    }

    private static func frame(type: UInt8, flags: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        precondition(payload.count < 256, "a payload of \(payload.count) bytes needs a longer length")
        return [0, 0, UInt8(payload.count), type, flags, 0, 0, 0, stream] + payload
    }

    /// A header field in HPACK, neither indexed nor compressed.
    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }
}

/// Closes a connection below TLS, which would say goodbye first.
private final class SilentEnd: ChannelOutboundHandler {
    typealias OutboundIn = Any

    struct Event: Sendable {}

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        if event is Event { context.close(mode: .all, promise: promise) }
    }
}
