import ModelExecutor
import NIOHTTP1
import Policy
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct CapturedTextTests {
    private let messages = [
        ChatMessage(role: .system, content: "be brief"), ChatMessage(role: .user, content: "größer?"),
    ]

    @Test func `words up to the limit are kept whole`() {
        let text = CapturedText(messages, answer: "ja, größer", limit: 17)
        #expect(
            text.prompt == #"[{"role":"system","content":"be brief"},{"role":"user","content":"größer?"}]"#
        )
        #expect(text.answer == "ja, größer" && !text.isCut)
    }

    @Test(arguments: [
        (16, #"[{"role":"system","content":"be brie"},{"role":"user","content":"größer?"}]"#),
        (9, #"[{"role":"user","content":"größer?"}]"#), (4, #"[{"role":"user","content":"grö"}]"#),
        (3, #"[{"role":"user","content":"gr"}]"#),
    ])
    func `past the limit the last messages stay, in whole characters`(limit: Int, prompt: String) {
        let text = CapturedText(messages, answer: "ja", limit: limit)
        #expect(text.prompt == prompt)
        #expect(text.answer == "ja" && text.isCut)
    }

    @Test func `an answer past the limit is cut too`() {
        let text = CapturedText([], answer: "größer", limit: 3)
        #expect(text == CapturedText(prompt: "[]", answer: "gr", isCut: true))
    }

    @Test(
        arguments: [
            ("review: {when_score_below: 1}", ReviewReason.score, false),
            ("review: {when_score_below: 1, sample: 100%}\ncapture: {prompts: reviewed}", .both, true),
            ("review: {when_score_below: 0.001}\ncapture: {prompts: reviewed}", nil, false),
            ("capture: {prompts: all}", nil, true), ("blind: false", nil, false),
        ] as [(String, ReviewReason?, Bool)]
    )
    func `what the policy says becomes of a completed request`(
        lines: String,
        reason: ReviewReason?,
        isCaptured: Bool
    ) async throws {
        let policy = LiveGateway.policy + "\n" + lines
        try await LiveGateway.run(SteppedBackend.complete(), policy: policy) { gateway in
            let reply = try await gateway.chat()
            let id = try #require(
                reply.headers.first(name: "x-headgate-request-id").flatMap { RequestID($0) }
            )
            let reader = try RecordReader(path: gateway.recordPath)
            #expect(try reader.waitingReviews(limit: 9).map(\.reason) == (reason.map { [$0] } ?? []))
            let text = try reader.capturedText(of: id)
            #expect((text != nil) == isCaptured)
            #expect(text.map { $0.prompt == #"[{"role":"user","content":"hi"}]"# } ?? true)
        }
    }

    @Test func `a request that did not complete waits for nobody and keeps no words`() async throws {
        let policy = LiveGateway.policy + "\nreview: {sample: 100%}\ncapture: {prompts: all}"
        let backend = SteppedBackend { call in call.fail(.modelFailed("broken")) }
        try await LiveGateway.run(backend, policy: policy) { gateway in
            let reply = try await gateway.chat()
            let id = try #require(
                reply.headers.first(name: "x-headgate-request-id").flatMap { RequestID($0) }
            )
            let reader = try RecordReader(path: gateway.recordPath)
            #expect(try reader.request(id) != nil)
            #expect(try reader.waitingReviews(limit: 9).isEmpty)
            #expect(try reader.capturedText(of: id) == nil)
        }
    }
}
