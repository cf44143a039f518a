import AsyncHTTPClient
import ModelExecutor
import NIOCore
import NIOHTTP1
import Policy
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct ChatCompletionsTests {
    @Test func `an answer has OpenAI's shape and the headgate object`() async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) { try await $0.chat() }
        #expect(reply.status == 200)
        let id = try #require(reply.headers.first(name: "x-headgate-request-id"))
        #expect(RequestID(id) != nil)
        #expect(reply.headers.first(name: "x-headgate-arm") == "low")
        #expect(reply.headers.first(name: "content-type") == "application/json")
        let json = try reply.json
        #expect(json["id"] == .string("chatcmpl-\(id)"))
        #expect(json["object"] == .string("chat.completion"))
        #expect(json["model"] == .string("default"))
        let choice = json["choices"]?[0]
        #expect(choice?["finish_reason"] == .string("stop"))
        #expect(choice?["message"]?["role"] == .string("assistant"))
        #expect(choice?["message"]?["content"] == .string("24"))
        #expect(choice?["message"]?["reasoning_content"] == .string("3*8"))
        #expect(json["usage"]?["prompt_tokens"] == .integer(9))
        #expect(json["usage"]?["completion_tokens"] == .integer(16))
        #expect(json["usage"]?["total_tokens"] == .integer(25))
        #expect(json["usage"]?["completion_tokens_details"]?["reasoning_tokens"] == .integer(12))
        let headgate = json["headgate"]
        #expect(headgate?["request_id"] == .string(id))
        #expect(headgate?["policy"] == .string("effort"))
        #expect(headgate?["arm"] == .string("low"))
        #expect(headgate?["mode"] == .string("low"))
        #expect(headgate?["k"] == .integer(2))
        #expect(headgate?["score"] == .decimal(0.75))
        #expect(headgate?["candidates"]?[1]?["index"] == .integer(1))
        #expect(headgate?["candidates"]?[1]?["steps"] == .array([.decimal(0.75)]))
        #expect(headgate?["candidates"]?[1]?["tokens"] == .integer(16))
        #expect(headgate?["candidates"]?[1]?["end"] == .string("stop"))
        #expect(headgate?["compute"]?["candidate_tokens"] == .integer(26))
        #expect(headgate?["compute"]?["scored_steps"] == .integer(2))
        #expect(headgate?["compute"]?["cpu_seconds"] == .decimal(0.25))
        let version = try #require(headgate?["policy_version"]?.string)
        #expect(reply.headers.first(name: "x-headgate-policy") == "effort@\(version)")
    }

    @Test func `a stream brings thinking, then the answer piece by piece, then its cost`() async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) {
            try await $0.chat(#","stream_options":{"include_usage":true}"#, stream: true)
        }
        #expect(reply.status == 200)
        #expect(reply.headers.first(name: "content-type") == "text/event-stream")
        #expect(reply.headers.first(name: "x-headgate-arm") == "low")
        let events = try reply.events
        #expect(events.count == 6)
        let deltas = events.map { $0["choices"]?[0]?["delta"] }
        #expect(deltas[0]?["role"] == .string("assistant"))
        #expect(deltas[0]?["reasoning_content"] == .string("3*8"))
        #expect(deltas[1]?["content"] == .string("2"))
        #expect(deltas[2]?["content"] == .string("4"))
        #expect(events[3]["choices"]?[0]?["finish_reason"] == .string("stop"))
        #expect(events[3]["headgate"]?["k"] == .integer(2))
        #expect(events[3]["usage"] == .null)
        #expect(events[4]["choices"] == .array([]))
        #expect(events[4]["usage"]?["total_tokens"] == .integer(25))
        #expect(events[5] == .string("[DONE]"))
        for event in events.dropLast() { #expect(event["object"] == .string("chat.completion.chunk")) }
        #expect(Set(events.dropLast().compactMap { $0["id"]?.string }).count == 1)
    }

    @Test func `a stream without include_usage has no usage`() async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) { try await $0.chat(stream: true) }
        #expect(try reply.events.count == 5)
        #expect(!reply.body.contains("usage"))
    }

    @Test func `a stream that has nothing to say yet is kept alive by comments`() async throws {
        let backend = SteppedBackend()
        var limits = GatewayLimits()
        limits.keepAliveInterval = .milliseconds(1)
        let pieces = try await LiveGateway.run(backend, limits: limits) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: true)
            )
            let response = try await gateway.client.execute(request, timeout: .seconds(30))
            var body = response.body.makeAsyncIterator()
            let first = try await body.next().map { String(buffer: $0) }
            let call = try #require(await backend.nextCall())
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")))
            call.finish()
            var rest = ""
            while let buffer = try await body.next() { rest += String(buffer: buffer) }
            return (first, rest)
        }
        #expect(pieces.0?.hasPrefix(": thinking\n\n") == true)
        #expect(pieces.1.hasSuffix("data: [DONE]\n\n"))
    }

    @Test(arguments: [true, false])
    func `the completion is on disk when the last byte arrives`(stream: Bool) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let reply = try await gateway.chat(stream: stream)
            let row = try #require(try gateway.recorded(reply))
            #expect(row.arm == "low")
            #expect(row.served == "low")
            #expect(row.completion?.state == .completed)
            #expect(row.completion?.compute.candidateTokens == 26)
            #expect(row.completion?.winner == 1)
            #expect(row.completion?.candidates.count == 2)
        }
    }

    @Test func `an answer whose completion can't be written is not given`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            async let reply = gateway.chat()
            let call = try #require(await backend.nextCall())
            try await gateway.store.shutdown()
            call.finish()
            let refused = try await reply
            #expect(refused.status == 503)
            #expect(try refused.errorCode == "record_unavailable")
            #expect(!refused.body.contains("choices"))
        }
    }

    @Test func `a stream whose completion can't be written does not say that it is done`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: true)
            )
            async let execution = gateway.client.execute(request, timeout: .seconds(30))
            let call = try #require(await backend.nextCall())
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")))
            let response = try await execution
            try await gateway.store.shutdown()
            call.finish()
            let body = try await String(buffer: response.body.collect(upTo: 1 << 20))
            #expect(body.contains("record_unavailable"))
            #expect(!body.contains("[DONE]"))
            #expect(!body.contains("finish_reason\":\"stop"))
        }
    }

    @Test(arguments: [true, false])
    func `a request that can't be recorded never reaches the model`(stream: Bool) async throws {
        let backend = SteppedBackend { _ in Issue.record("the model was asked") }
        try await LiveGateway.run(backend) { gateway in
            try await gateway.store.shutdown()
            let reply = try await gateway.chat(stream: stream)
            #expect(reply.status == 503)
            #expect(try reply.errorCode == "record_unavailable")
        }
    }

    @Test func `the assignment is on disk, and open, when the first byte arrives`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            let request = gateway.request(
                "/v1/chat/completions",
                .POST,
                body: LiveGateway.chatBody(stream: true)
            )
            async let execution = gateway.client.execute(request, timeout: .seconds(30))
            let call = try #require(await backend.nextCall())
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")))
            let response = try await execution
            let row = try gateway.recorded(response.headers.first(name: "x-headgate-request-id"))
            #expect(row != nil)
            #expect(row?.completion == nil)
            call.finish()
            _ = try await response.body.collect(upTo: 1 << 20)
        }
    }

    @Test func `no byte of a stream leaves while its assignment is not on disk`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, busyTimeout: .milliseconds(20)) { gateway in
            try await gateway.withLockedRecord {
                async let reply = gateway.chat(stream: true)
                let call = try #require(await backend.nextCall())
                call.send(.selected(Selected(winner: 0, score: nil, thinking: "hm")), .answer("24"))
                call.finish()
                let refused = try await reply
                #expect(refused.status == 503, "\(refused.body)")
                #expect(try refused.errorCode == "record_unavailable")
            }
        }
    }

    @Test(
        arguments: [
            (ExecutorError.queueFull(limit: 4), 429, TerminalState.rejected),
            (.deadlineExceeded(Compute(candidateTokens: 5)), 504, .deadline),
            (.promptTooLong(tokens: 9, limit: 8), 400, .rejected),
            (.modelFailed("x"), 500, .failed),
        ],
        [true, false]
    )
    func `a failure before the first byte is a status, and recorded`(
        failure: (ExecutorError, Int, TerminalState),
        stream: Bool
    ) async throws {
        let (error, status, state) = failure
        try await LiveGateway.run(SteppedBackend { $0.fail(error) }) { gateway in
            let reply = try await gateway.chat(stream: stream)
            #expect(Int(reply.status) == status)
            #expect((reply.headers.first(name: "retry-after") != nil) == (status == 429))
            #expect(try gateway.recorded(reply)?.completion?.state == state)
        }
    }

    @Test func `a failure in mid-stream is an event, and the stream ends without DONE`() async throws {
        let backend = SteppedBackend { call in
            call.send(.selected(Selected(winner: 0, score: nil, thinking: "")), .answer("2"))
            call.fail(.modelFailed("secret"))
        }
        try await LiveGateway.run(backend) { gateway in
            let reply = try await gateway.chat(stream: true)
            let events = try reply.events
            #expect(events.last?["error"]?["code"] == .string("internal_error"))
            #expect(!reply.body.contains("[DONE]"))
            #expect(!reply.body.contains("secret"))
            let row = try gateway.recorded(reply)
            #expect(row?.completion?.state == .failed)
            #expect(row?.completion?.cause == .model)
        }
    }

    @Test func `a backend that ends without a result is a failure`() async throws {
        let backend = SteppedBackend { call in
            call.send(.prefilled(Prefilled(promptTokens: 1))); call.end()
        }
        let reply = try await LiveGateway.run(backend) { try await $0.chat() }
        #expect(reply.status == 500)
    }

    @Test func `past the limit of concurrent requests a request is turned away at once`() async throws {
        let backend = SteppedBackend()
        var limits = GatewayLimits()
        limits.concurrentRequests = 1
        limits.retryAfterSeconds = 3
        try await LiveGateway.run(backend, limits: limits) { gateway in
            async let first = gateway.chat()
            let call = try #require(await backend.nextCall())
            let second = try await gateway.chat()
            #expect(second.status == 503)
            #expect(second.headers.first(name: "retry-after") == "3")
            #expect(try second.errorCode == "overloaded")
            call.finish()
            #expect(try await first.status == 200)
            async let third = gateway.chat()
            let next = try #require(await backend.nextCall())
            next.finish()
            #expect(try await third.status == 200)
        }
    }

    @Test func `a blind policy shows neither arm nor scores`() async throws {
        let policy = LiveGateway.policy + "\nblind: true\n"
        for stream in [true, false] {
            let reply = try await LiveGateway.run(SteppedBackend.complete(), policy: policy) {
                try await $0.chat(stream: stream)
            }
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "x-headgate-arm") == nil)
            #expect(reply.headers.first(name: "x-headgate-policy") != nil)
            for word in ["\"arm\"", "\"mode\"", "\"k\"", "score", "candidate", "compute"] {
                #expect(!reply.body.contains(word), "\(word) shows")
            }
        }
    }

    @Test func `the mode, the sampling and the limits reach the backend`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend) { gateway in
            async let reply = gateway.chat(
                #","max_tokens":4096,"stop":"x","reasoning_effort":"medium","# + Self.sampling
            )
            let call = try #require(await backend.nextCall())
            let request = call.request
            #expect(request.effort == Effort(k: 8, selection: .bestScore))
            #expect(request.maxTokens == 512)
            #expect(
                request.sampling
                    == Sampling(temperature: 0.1, topP: 0.5, topK: 3, repetitionPenalty: 1.2, seed: 7)
            )
            #expect(request.stop == ["x"])
            #expect(request.deadline != nil)
            call.finish()
            let row = try gateway.recorded(try await reply)
            #expect(row?.assigned == "low")
            #expect(row?.served == "medium")
            #expect(row?.excluded == .clientEffort)
        }
    }

    @Test func `sampling that the arm's mode fixes wins over the client's`() async throws {
        let own = "{k: 2, temperature: 0.9, top_p: 0.8, top_k: 40, repetition_penalty: 1.05}"
        let policy =
            LiveGateway.policy.replacing("mode: low,", with: "mode: own,") + "\nmodes: {own: \(own)}\n"
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: policy) { gateway in
            async let reply = gateway.chat("," + Self.sampling)
            let call = try #require(await backend.nextCall())
            #expect(
                call.request.sampling
                    == Sampling(temperature: 0.9, topP: 0.8, topK: 40, repetitionPenalty: 1.05, seed: 7)
            )
            call.finish()
            #expect(try await reply.status == 200)
        }
    }

    private static let sampling = #""temperature":0.1,"top_p":0.5,"top_k":3,"repetition_penalty":1.2"#
}
