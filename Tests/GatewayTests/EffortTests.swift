import ModelExecutor
import Policy
import Store
import Testing

@testable import Gateway

/// From the modes of a policy to what the executor is asked for, and back to what the client is told.
struct EffortTests {
    private static func policy(mode: String, limits: String = "on_overload: reject") -> String {
        LiveGateway.policy.replacing("mode: low,", with: "mode: own,")
            .replacing("on_overload: reject", with: limits) + "\nmodes: {own: \(mode)}\n"
    }

    private func request(
        mode: String,
        limits: String = "on_overload: reject",
        body: String = ""
    ) async throws -> GenerationRequest {
        let backend = SteppedBackend()
        return try await LiveGateway.run(backend, policy: Self.policy(mode: mode, limits: limits)) {
            gateway in
            async let reply = gateway.chat(body)
            let call = try #require(await backend.nextCall())
            call.finish()
            #expect(try await reply.status == 200)
            return call.request
        }
    }

    @Test func `each rule of a mode reaches the executor`() async throws {
        let pruned = try await request(mode: "{k: 16, prune: {keep: 0.25, after_steps: 3, audit: 0%}}")
        #expect(
            pruned.effort
                == Effort(k: 16, selection: .bestScore, pruning: Pruning(keep: 0.25, afterSteps: 3))
        )
        let adaptive = try await request(
            mode: "{k: 16, select: majority, token_budget: 900, adaptive: {stages: [2, 16], confidence: 0.8}}"
        )
        #expect(
            adaptive.effort
                == Effort(
                    k: 16,
                    selection: .majority,
                    escalation: Escalation(stages: [2, 16], confidence: 0.8),
                    tokenBudget: 900
                )
        )
        let beam = try await request(mode: "{k: 8, search: {beam: {width: 2}}}")
        #expect(beam.effort.search == .beam(Beam(width: 2, everySteps: 1)))
        let tree = try await request(mode: "{k: 8, search: {mcts: {exploration: 0.5, parallel: 2}}}")
        #expect(tree.effort.search == .mcts(TreeSearch(exploration: 0.5, parallel: 2)))
    }

    @Test func `what a policy may ask for is what the executor takes`() {
        #expect(Mode.candidateLimit == Effort.maximumK)
        #expect(PruneRule.mostSteps == Pruning.mostSteps)
        #expect(PruneRule.leastKeep == Pruning.leastKeep)
        #expect(AdaptiveRule.mostStages == Escalation.mostStages)
    }

    @Test func `an audited request runs in full, and only a share is audited`() async throws {
        let audited = try await request(mode: "{k: 16, prune: {audit: 100%}}")
        #expect(audited.effort.pruning?.isAudit == true)
        let source = RequestID.Generator()
        let count = (0..<20_000).count { _ in Exchange.draw(source.next()) % 10_000 < 500 }
        #expect((850...1_150).contains(count), "\(count) of 20,000 at 5 %")
    }

    @Test func `a policy that degrades names the smaller efforts, one that rejects names none`() async throws
    {
        let degrading = try await request(mode: "{k: 16}", limits: "on_overload: degrade, queue: 250ms")
        #expect(degrading.fallbacks == [Mode.medium, .low, .single].map { Effort($0) })
        #expect(degrading.patience == .milliseconds(250))
        let voting = try await request(
            mode: "{k: 16, select: majority}",
            limits: "on_overload: degrade, tier: flex"
        )
        #expect(voting.fallbacks == [Effort(.single)])
        #expect(voting.tier == .flex)
        let rejecting = try await request(mode: "{k: 16}")
        #expect(rejecting.fallbacks.isEmpty)
        #expect(rejecting.patience == .seconds(5))
        #expect(rejecting.tier == .standard)
    }

    @Test func `without chance one candidate is worth as much as many`() async throws {
        let client = try await request(mode: "{k: 16, select: majority}", body: #","temperature":0"#)
        #expect(client.effort == Effort(k: 1, selection: .majority))
        let settled = try await request(mode: "{k: 16, temperature: 0.7}", body: #","temperature":0"#)
        #expect(settled.effort.k == 16, "the mode's own temperature counts")
    }

    @Test(arguments: ["flex", "auto"])
    func `a client that names a tier is told which it had`(tier: String) async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete(), policy: Self.policy(mode: "{k: 2}"))
        {
            try await $0.chat(#","service_tier":"\#(tier)""#)
        }
        #expect(reply.body.contains(#""service_tier":"\#(tier == "auto" ? "default" : tier)""#))
        let silent = try await LiveGateway.run(SteppedBackend.complete()) { try await $0.chat() }
        #expect(!silent.body.contains("service_tier"))
    }

    @Test(arguments: [
        ("priority", "flex", Tier.flex), ("priority", "auto", .priority), ("flex", "default", .flex),
        ("priority", "priority", .priority),
    ])
    func `a client may step back and not ahead`(policy: String, client: String, expected: Tier) async throws {
        let request = try await request(
            mode: "{k: 2}",
            limits: "tier: \(policy)",
            body: #","service_tier":"\#(client)""#
        )
        #expect(request.tier == expected)
    }

    @Test(arguments: ["flex", "default"])
    func `a client that asks to go first where the policy does not let it is told`(tier: String) async throws
    {
        let backend = SteppedBackend.complete()
        let policy = Self.policy(mode: "{k: 2}", limits: "tier: \(tier)")
        let reply = try await LiveGateway.run(backend, policy: policy) {
            try await $0.chat(#","service_tier":"priority""#)
        }
        #expect(reply.status == 400)
        #expect(try reply.errorCode == "invalid_value")
        #expect(reply.body.contains(#""param":"service_tier""#))
    }

    @Test func `the effort that a client chose is told apart from its arm's`() async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) {
            try await $0.chat(#","reasoning_effort":"medium""#)
        }
        #expect(reply.body.contains(#""mode":"medium","assigned_mode":"low","#), "\(reply.body)")
        let plain = try await LiveGateway.run(SteppedBackend.complete()) { try await $0.chat() }
        #expect(!plain.body.contains("assigned_mode"))
    }

    @Test(arguments: [true, false])
    func `a request is recorded with the mode it was served, whatever became of it`(fails: Bool) async throws
    {
        let backend = SteppedBackend()
        let policy = Self.policy(mode: "{k: 16}", limits: "on_overload: degrade")
        try await LiveGateway.run(backend, policy: policy) { gateway in
            async let reply = gateway.chat()
            let call = try #require(await backend.nextCall())
            call.send(.prefilled(Prefilled(promptTokens: 9, fallback: 3)))
            if fails { call.fail(.modelFailed("x")) } else { call.finish() }
            let row = try gateway.recorded(try await reply)
            #expect(row?.assigned == "own")
            #expect(row?.served == "single")
            #expect(row?.completion?.state == (fails ? .failed : .completed))
        }
    }

    private static var hurried: GenerationResult {
        var result = GenerationResult.sample()
        result.fallback = 1
        result.stoppedBy = .deadline
        result.confidence = 0.75
        result.candidates[0].cutAtStep = 3
        result.candidates[0].end = .pruned
        result.candidates[1].cutAtStep = 2
        result.candidates[1].branch = Branch(candidate: 0, step: 2)
        result.compute.cachedTokens = 5
        return result
    }

    @Test func `a blind policy does not tell what was served nor why it was less`() async throws {
        let reply = try await LiveGateway.run(
            SteppedBackend.complete(Self.hurried),
            policy: Self.policy(mode: "{k: 16}", limits: "on_overload: degrade") + "blind: true\n"
        ) { try await $0.chat() }
        for word in ["mode\"", "\"k\"", "confidence", "stopped_by", "cut_at_step", "branch"] {
            #expect(!reply.body.contains(word), "\(word) in \(reply.body)")
        }
    }

    @Test func `the client is told what was served and why it was less`() async throws {
        let reply = try await LiveGateway.run(
            SteppedBackend.complete(Self.hurried),
            policy: Self.policy(mode: "{k: 16}", limits: "on_overload: degrade")
        ) { try await $0.chat() }
        for text in [
            #""mode":"medium","assigned_mode":"own","k":2,"#, #""confidence":0.75,"stopped_by":"deadline""#,
            #""cut_at_step":3"#, #""would_be_cut_at_step":2"#, #""branch":{"candidate":0,"step":2}"#,
            #""cached_tokens":5"#,
            #""prompt_tokens_details":{"cached_tokens":5}"#,
        ] { #expect(reply.body.contains(text), "\(text) in \(reply.body)") }
    }
}
