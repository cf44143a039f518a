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
                call.send(.prefilled(promptTokens: 9))
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
