import Policy
import Testing

@testable import Store

@Suite struct ReviewTests {
    private let folder: TemporaryFolder
    private let ids: [RequestID]

    init() throws {
        folder = try TemporaryFolder()
        let generator = RequestID.Generator()
        ids = (0..<4).map { _ in generator.next() }
    }

    private func completion(_ id: RequestID, _ review: ReviewReason?, score: Double? = 0.25)
        -> CompletionRecord
    {
        var candidate = RecordedCandidate.sample
        candidate.score = score
        var completion = CompletionRecord.sample(id, candidates: [candidate])
        completion.review = review
        return completion
    }

    @Test func `requests wait from their completion on, the oldest first`() async throws {
        let store = try await RecordStore.sample(in: folder)
        for (id, reason) in zip(ids, [ReviewReason.score, nil, .both, .sample]) {
            try await store.open(.sample(id, arm: id == ids[3] ? "medium" : "low"))
            #expect(
                try RecordReader(path: folder.database).waitingReviews(limit: 9).allSatisfy {
                    $0.request != id
                }
            )
            try await store.close(completion(id, reason, score: id == ids[3] ? nil : 0.25))
        }
        let reader = try RecordReader(path: folder.database)
        let waiting = try reader.waitingReviews(limit: 9)
        #expect(waiting.map(\.request) == [ids[0], ids[2], ids[3]])
        #expect(waiting.map(\.reason) == [.score, .both, .sample])
        #expect(waiting.map(\.score) == [0.25, 0.25, nil])
        #expect(waiting.map(\.arm) == ["low", "low", "medium"])
        #expect(waiting.allSatisfy { $0.policy == "effort" && $0.version == "aaaaaaaaaaaa" })
        #expect(try reader.waitingReviews(limit: 2).map(\.request) == [ids[0], ids[2]])
        #expect(try reader.waitingReviews(of: "effort", limit: 9).count == 3)
        #expect(try reader.waitingReviews(of: "other", limit: 9).isEmpty)
        try await store.shutdown()
    }

    @Test func `only a person's outcome ends the wait`() async throws {
        let store = try await RecordStore.sample(in: folder)
        try await store.open(.sample(ids[0]))
        try await store.close(completion(ids[0], .score))
        let reader = try RecordReader(path: folder.database)
        for source in [OutcomeSource.user, .verifier] {
            let outcome = OutcomeRecord(request: ids[0], metric: "success", value: 1, source: source)
            #expect(try await store.record([outcome]) == [.accepted])
            #expect(try reader.waitingReviews(limit: 9).count == 1)
        }
        let outcome = OutcomeRecord(request: ids[0], metric: "rating", value: 4, source: .human)
        #expect(try await store.record([outcome]) == [.accepted])
        #expect(try reader.waitingReviews(limit: 9).isEmpty)
        try await store.shutdown()
    }

    @Test func `words are kept with the completion and read back, also where both came in one batch`()
        async throws
    {
        let text = CapturedText(prompt: #"[{"role":"user","content":"hi"}]"#, answer: "ho", isCut: true)
        let store = try await RecordStore.sample(in: folder)
        let opening = try store.beginOpen(.sample(ids[0]))
        var first = completion(ids[0], nil)
        first.captured = text
        try await store.close(first)
        try await opening.value()
        try await store.open(.sample(ids[1]))
        try await store.close(completion(ids[1], .score))
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.capturedText(of: ids[0]) == text)
        #expect(try reader.capturedText(of: ids[1]) == nil)
        try await store.shutdown()
    }

    @Test func `a completion that could not be written waits for nobody and keeps no words`() {
        var lost = completion(ids[0], .score)
        lost.captured = CapturedText(prompt: "[]", answer: "", isCut: false)
        #expect(lost.failedToWrite.review == nil && lost.failedToWrite.captured == nil)
    }
}
