import AsyncHTTPClient
import ModelExecutor
import NIOHTTP1
import Policy
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct FirstAttemptsTests {
    private static let day = Int64(FirstAttempts.window / .milliseconds(1))

    private func attempt(_ key: Int64, at milliseconds: Int64) -> StoredAttempt {
        let ids = RequestID.Generator(
            now: { Timestamp(millisecondsSinceEpoch: milliseconds) }
        )
        return StoredAttempt(key: key, request: ids.next(), arm: "low")
    }

    private func first(_ attempt: StoredAttempt, in book: FirstAttempts) -> StoredAttempt {
        book.first(attempt.key, at: attempt.request.timestamp) { attempt }
    }

    @Test(arguments: [(day - 1, true), (day, false)])
    func `an attempt is known for a day`(later: Int64, isKnown: Bool) {
        let book = FirstAttempts()
        let (one, two) = (attempt(1, at: 1_000_000), attempt(1, at: 1_000_000 + later))
        #expect(first(one, in: book) == one)
        #expect(first(two, in: book) == (isKnown ? one : two))
    }

    @Test func `the limit holds, and the oldest makes room past it`() {
        let book = FirstAttempts(limit: 2)
        let all = (1...3).map { attempt($0, at: 1_000 + $0) }
        for attempt in all.prefix(2) { #expect(first(attempt, in: book) == attempt) }
        #expect(first(attempt(1, at: 1_002), in: book) == all[0])
        #expect(first(all[2], in: book) == all[2])
        #expect(first(attempt(2, at: 1_004), in: book) == all[1])
        let again = attempt(1, at: 1_005)
        #expect(first(again, in: book) == again)
    }

    @Test func `a forgotten attempt leaves room for the next, which stays`() {
        let book = FirstAttempts(limit: 2)
        let (lost, kept) = (attempt(1, at: 1_000), attempt(1, at: 1_001))
        _ = first(lost, in: book)
        book.forget(lost)
        #expect(first(kept, in: book) == kept)
        book.forget(lost)
        _ = first(attempt(2, at: 1_002), in: book)
        #expect(first(attempt(1, at: 1_003), in: book) == kept)
    }

    private static let split = """
        policy: effort
        subject: {from: ["header:x-subject-id"], otherwise: request}
        arms: {low: {share: LOW, mode: low, control: true}, medium: {share: MEDIUM, mode: medium}}
        metrics: {success: {kind: binary}}
        """

    private static func policy(low: String, medium: String) -> String {
        split.replacing("LOW", with: low).replacing("MEDIUM", with: medium)
    }

    private func keyed(_ gateway: LiveGateway, _ key: String, subject: String? = nil, body: String? = nil)
        async throws -> StoredRequest
    {
        let body = body ?? LiveGateway.chatBody()
        var request = gateway.request("/v1/chat/completions", .POST, body: body)
        request.headers.add(name: "idempotency-key", value: key)
        if let subject { request.headers.add(name: "x-subject-id", value: subject) }
        return try #require(try gateway.recorded(try await gateway.send(request)))
    }

    @Test func `a retry keeps its arm through a change of the split, and is not counted twice`() async throws
    {
        let before = Self.policy(low: "99.99%", medium: "0.01%")
        try await LiveGateway.run(SteppedBackend.complete(), policy: before) { gateway in
            let first = try await keyed(gateway, "k")
            #expect(first.arm == "low" && first.excluded == nil)
            let yaml = Self.policy(low: "0.01%", medium: "99.99%")
            let after = try SplitPolicy(yaml: yaml, file: "effort.yaml")
            try await gateway.store.remember([after.record()])
            gateway.core.policies.replace(with: try PolicySet([(file: "effort.yaml", policy: after)]))
            let retry = try await keyed(gateway, "k")
            #expect(retry.arm == "low" && retry.excluded == .retry)
            #expect(retry.version == after.version)
            #expect(retry.subject == first.subject)
            let other = try await keyed(gateway, "other key")
            #expect(other.arm == "medium" && other.excluded == nil)
        }
    }

    @Test func `the same key with another body or subject is no retry`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let anonymous = try await keyed(gateway, "1")
            let ann = try await keyed(gateway, "1", subject: "ann")
            let again = try await keyed(gateway, "1", subject: "ann")
            let other = try await keyed(gateway, "1", body: LiveGateway.chatBody(#","max_tokens":9"#))
            #expect([anonymous, ann, again, other].map(\.excluded) == [nil, nil, .retry, nil])
        }
    }

    @Test func `an attempt that never got on record leaves the next one first`() async throws {
        try await LiveGateway.run(SteppedBackend.complete(), busyTimeout: .milliseconds(1)) { gateway in
            try await gateway.withLockedRecord {
                var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
                request.headers.add(name: "idempotency-key", value: "k")
                let reply = try await gateway.send(request)
                #expect(reply.status == 503)
            }
            let next = try await keyed(gateway, "k")
            #expect(next.excluded == nil)
        }
    }

    @Test(arguments: [(256, 200), (257, 400)] as [(Int, UInt)])
    func `a key's length is bounded`(length: Int, status: UInt) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
            request.headers.add(name: "idempotency-key", value: String(repeating: "k", count: length))
            let reply = try await gateway.send(request)
            #expect(reply.status == status)
        }
    }
}
