import ModelExecutor
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

/// Requests that run again for nobody but the record.
struct ShadowTests {
    private static func policy(_ rule: String = "{mode: high, share: 100%}", limits: String? = nil) -> String
    {
        let policy = LiveGateway.policy + "\nshadow: \(rule)\n"
        return limits.map { policy.replacing("on_overload: reject", with: $0) } ?? policy
    }

    /// One request that is answered with the sample, and the shadow that comes of it.
    private func shadow(
        body: String = "",
        stream: Bool = false,
        ending: @Sendable @escaping (SteppedBackend.Call) -> Void
    ) async throws -> (request: GenerationRequest, observed: ShadowObservations) {
        let backend = SteppedBackend()
        return try await LiveGateway.run(backend, policy: Self.policy()) { gateway in
            async let reply = gateway.chat(body, stream: stream)
            let live = try #require(await backend.nextCall())
            live.finish()
            let answered = try await reply
            #expect(answered.status == 200 && !answered.body.contains("shadow"))
            #expect(!answered.headers.contains { $0.name.contains("shadow") })
            let call = try #require(await backend.nextCall())
            #expect(try gateway.shadows().map(\.open) == [1], "it is recorded before it begins")
            ending(call)
            try await gateway.waitForShadows(1)
            return (call.request, try #require(try gateway.shadows().first))
        }
    }

    @Test(arguments: [false, true])
    func `a completed request runs again in the shadow's mode, behind everybody`(stream: Bool) async throws {
        let (request, observed) = try await shadow(stream: stream) { $0.finish() }
        #expect(request.effort == Effort(.high) && request.tier == .background)
        #expect(request.fallbacks.isEmpty && request.patience == nil && request.deadline != nil)
        #expect(request.messages == [ChatMessage(role: .user, content: "hi")])
        #expect(request.sampling.seed == 8, "its chance is its own")
        #expect(observed.arm == "low" && observed.mode == "high")
        let pair = try #require(observed.pairs.first)
        #expect(pair.agrees == true && pair.shadow.candidateTokens == 26 && pair.shadow.score == 0.75)
    }

    @Test func `a client's own seed holds for the shadow too`() async throws {
        let (request, _) = try await shadow(body: #","seed":41"#) { $0.finish() }
        #expect(request.sampling.seed == 41)
    }

    @Test(arguments: [("24.0", true), ("25", false), (" ", nil)] as [(String, Bool?)])
    func `answers are compared as votes are`(answer: String, agrees: Bool?) async throws {
        let (_, observed) = try await shadow { $0.finish(.sample(answer: answer)) }
        #expect(observed.pairs.map(\.agrees) == [agrees])
    }

    @Test func `whatever ends a shadow is recorded as its end`() async throws {
        let spent = Compute(promptTokens: 9, candidateTokens: 40)
        for (error, state) in [
            (ExecutorError.modelFailed("broken"), TerminalState.failed),
            (.deadlineExceeded(spent), .deadline),
            (.displaced(spent), .rejected), (.queueFull(limit: 1), .rejected),
        ] {
            let (_, observed) = try await shadow { $0.fail(error) }
            #expect(observed.ended == [state: 1] && observed.pairs.isEmpty, "\(error)")
        }
        let (_, ended) = try await shadow { $0.end() }
        #expect(ended.ended == [.failed: 1])
        var hurried = GenerationResult.sample()
        hurried.stoppedBy = .deadline
        let result = hurried
        let (_, observed) = try await shadow { $0.finish(result) }
        #expect(
            observed.ended == [.deadline: 1] && observed.pairs.isEmpty,
            "a hurried answer is not the mode's"
        )
    }

    /// Sends a request that must have no shadow, and then one that has: its shadow is then the first call.
    private func hasNone(
        policy: String = ShadowTests.policy(),
        body: String = "",
        status: UInt = 200,
        ending: @Sendable @escaping (SteppedBackend.Call) -> Void = { $0.finish() }
    ) async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: policy) { gateway in
            async let without = gateway.chat(body)
            ending(try #require(await backend.nextCall()))
            #expect(try await without.status == status)
            async let with = gateway.post(
                "/v1/chat/completions",
                LiveGateway.chatBody().replacing(#""hi""#, with: #""second""#)
            )
            try #require(await backend.nextCall()).finish()
            #expect(try await with.status == 200)
            let call = try #require(await backend.nextCall())
            #expect(call.request.messages.map(\.content) == ["second"])
            call.finish()
            try await gateway.waitForShadows(1)
            #expect(
                try gateway.metric(#"headgate_shadow_requests_total{policy="effort",state="dropped"}"#) == 0
            )
        }
    }

    @Test func `a request that did not complete has no shadow`() async throws {
        try await hasNone(status: 500) { $0.fail(.modelFailed("broken")) }
    }

    @Test func `a request that counts for nothing has no shadow`() async throws {
        try await hasNone(body: #","reasoning_effort":"medium""#)
    }

    @Test func `a request without chance has no shadow that would only repeat it`() async throws {
        try await hasNone(body: #","temperature":0"#)
    }

    @Test func `a degraded request has no shadow`() async throws {
        var degraded = GenerationResult.sample()
        degraded.fallback = 1
        let result = degraded
        try await hasNone(policy: Self.policy(limits: "on_overload: degrade, queue: 250ms")) { call in
            call.send(.prefilled(Prefilled(promptTokens: 9, fallback: 1)))
            call.finish(result)
        }
    }

    @Test func `as many wait as may, and further ones are dropped and counted`() async throws {
        var limits = GatewayLimits()
        (limits.waitingShadows, limits.shadowsAtOnce) = (2, 1)
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: Self.policy(), limits: limits) { gateway in
            func ask() async throws {
                async let reply = gateway.chat()
                try #require(await backend.nextCall()).finish()
                #expect(try await reply.status == 200)
            }
            try await ask()
            let first = try #require(await backend.nextCall())
            for expected in [1, 2, 2] {
                try await ask()
                #expect(try gateway.metric("headgate_shadow_queue_requests") == Double(expected))
            }
            let dropped = #"headgate_shadow_requests_total{policy="effort",state="dropped"}"#
            #expect(try gateway.metric(dropped) == 1)
            first.finish()
            for _ in 0..<2 { try #require(await backend.nextCall()).finish() }
            try await gateway.waitForShadows(3)
            #expect(try gateway.metric("headgate_shadow_queue_requests") == 0)
            #expect(try gateway.metric(dropped) == 1)
            let tokens = try gateway.metric(#"headgate_shadow_candidate_tokens_total{policy="effort"}"#)
            #expect(tokens == 3 * 26)
        }
    }

    @Test func `a shadow whose turn comes too late is dropped`() async throws {
        var limits = GatewayLimits()
        limits.shadowPatience = .zero
        try await LiveGateway.run(SteppedBackend.complete(), policy: Self.policy(), limits: limits) {
            gateway in
            #expect(try await gateway.chat().status == 200)
            try await gateway.waitFor(#"headgate_shadow_requests_total{policy="effort",state="dropped"}"#, 1)
            #expect(try gateway.shadows().isEmpty)
        }
    }

    @Test func `a drain ends shadows at once, and waits for the others`() async throws {
        var limits = GatewayLimits()
        limits.shadowsAtOnce = 1
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: Self.policy(), limits: limits) { gateway in
            async let first = gateway.chat()
            try #require(await backend.nextCall()).finish()
            #expect(try await first.status == 200)
            let running = try #require(await backend.nextCall())
            async let second = gateway.chat()
            try #require(await backend.nextCall()).finish()
            #expect(try await second.status == 200)
            async let live = gateway.chat()
            let call = try #require(await backend.nextCall())
            await gateway.shutDown()
            for await _ in running.cancellations { break }
            try await gateway.waitForShadows(1)
            #expect(try gateway.shadows().map(\.ended) == [[.failed: 1]])
            call.finish()
            #expect(try await live.status == 200, "its client is waited for")
            let counted = gateway.core.metrics.exposition()
            // The one that waited, and the one that came after the end.
            #expect(counted.contains(#"headgate_shadow_requests_total{policy="effort",state="dropped"} 2"#))
            #expect(counted.contains(#"headgate_shadow_requests_total{policy="effort",state="failed"} 1"#))
            #expect(counted.contains(#"headgate_shadow_candidate_tokens_total{policy="effort"} 40"#))
        }
    }

    @Test func `a drain that is cut off leaves no shadow open`() async throws {
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: Self.policy()) { gateway in
            async let reply = gateway.chat()
            try #require(await backend.nextCall()).finish()
            #expect(try await reply.status == 200)
            _ = try #require(await backend.nextCall())
            gateway.cutOffAll()
            try await gateway.waitForShadows(1)
            #expect(try gateway.shadows().map(\.ended) == [[.failed: 1]])
        }
    }

    @Test func `a model that fails only the shadow's mode fails nobody else`() async throws {
        try await LiveGateway.run(ScriptedBackend(), policy: Self.policy()) { gateway in
            let body = LiveGateway.chatBody().replacing(#""hi""#, with: ##""#from=32 #fail=model""##)
            let reply = try await gateway.post("/v1/chat/completions", body)
            #expect(reply.status == 200)
            try await gateway.waitForShadows(1)
            #expect(try gateway.shadows().map(\.ended) == [[.failed: 1]])
            #expect(try gateway.recorded(reply)?.completion?.state == .completed)
            #expect(
                try gateway.metric(#"headgate_shadow_requests_total{policy="effort",state="failed"}"#) == 1
            )
            let failed = #"headgate_requests_total{policy="effort",arm="low",state="failed"}"#
            #expect(try gateway.metric(failed) == 0)
            #expect(try await gateway.chat().status == 200)
        }
    }

    @Test func `what shadows cost is charged to no arm`() async throws {
        func counted(_ rule: String?) async throws -> [String] {
            let policy = rule.map { Self.policy($0) } ?? LiveGateway.policy
            return try await LiveGateway.run(ScriptedBackend(), policy: policy) { gateway in
                for _ in 0..<3 { #expect(try await gateway.chat().status == 200) }
                if rule != nil { try await gateway.waitForShadows(3) }
                let sums = ["requests", "tokens", "candidates", "scored_steps", "request_cpu_seconds"]
                return gateway.core.metrics.exposition().split(separator: "\n").map(String.init).filter {
                    line in
                    sums.contains { line.hasPrefix("headgate_\($0)_total{") }
                }
            }
        }
        let (plain, shadowed) = (try await counted(nil), try await counted("{mode: high, share: 100%}"))
        #expect(plain == shadowed && !plain.isEmpty)
    }

    @Test func `without a record nothing is run, and what runs is counted as failed`() async throws {
        var limits = GatewayLimits()
        limits.shadowsAtOnce = 1
        let backend = SteppedBackend()
        try await LiveGateway.run(backend, policy: Self.policy(), limits: limits) { gateway in
            async let first = gateway.chat()
            try #require(await backend.nextCall()).finish()
            #expect(try await first.status == 200)
            let running = try #require(await backend.nextCall())
            async let second = gateway.chat()
            try #require(await backend.nextCall()).finish()
            #expect(try await second.status == 200)
            try await gateway.store.shutdown()
            running.finish()
            try await gateway.waitFor(#"headgate_shadow_requests_total{policy="effort",state="dropped"}"#, 1)
            #expect(
                try gateway.metric(#"headgate_shadow_requests_total{policy="effort",state="failed"}"#) == 1
            )
        }
    }
}

extension LiveGateway {
    fileprivate func shadows() throws -> [ShadowObservations] {
        let reader = try RecordReader(path: recordPath)
        let version = try #require(try reader.policies().first?.version)
        return try reader.shadows(of: "effort", version: version)
    }

    /// More looks than any shadow here takes, each at a file or at all metrics.
    private static var looks: Int { 20_000 }

    /// Returns when so many shadows have ended, by the record.
    fileprivate func waitForShadows(_ count: Int) async throws {
        for _ in 0..<Self.looks {
            if try shadows().flatMap(\.ended.values).reduce(0, +) >= count { return }
            await Task.yield()
        }
        Issue.record("\(count) shadows never ended")
    }

    fileprivate func metric(_ series: String) throws -> Double {
        let text = core.metrics.exposition()
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(series + " ") }, "\(series)")
        return try #require(line.split(separator: " ").last.flatMap { Double($0) })
    }

    fileprivate func waitFor(_ series: String, _ value: Double) async throws {
        for _ in 0..<Self.looks {
            if try metric(series) == value { return }
            await Task.yield()
        }
        Issue.record("\(series) never became \(value)")
    }
}
