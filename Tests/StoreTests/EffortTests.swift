import GRDB
import Policy
import TestSupport
import Testing

@testable import Store

/// What is kept of how a request was thought about, and what sums up from it.
@Suite struct EffortTests {
    let ids = RequestID.Generator(random: SeededGenerator(seed: 3))

    private func candidates(_ scores: [Double], _ change: (inout [RecordedCandidate]) -> Void = { _ in })
        -> [RecordedCandidate]
    {
        var candidates = scores.map { RecordedCandidate(score: $0, thinkingTokens: 4) }
        change(&candidates)
        return candidates
    }

    @Test(arguments: [true, false])
    func `a completion tells the mode that ran and why it stopped`(inOneBatch: Bool) async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        var completion = CompletionRecord.sample(ids.next())
        completion.served = "low"
        completion.stoppedBy = .budget
        completion.confidence = 0.625
        completion.compute.cachedTokens = 24
        let opening = try store.beginOpen(.sample(completion.id, arm: "medium"))
        if !inOneBatch { try await opening.value() }
        try await store.close(completion)
        try await opening.value()
        try await store.shutdown()
        let read = try #require(try RecordReader(path: folder.database).request(completion.id))
        #expect(read.assigned == "medium" && read.served == "low")
        guard case .ended(let ended) = read.end else {
            Issue.record("\(read.end)")
            return
        }
        #expect(ended.stoppedBy == .budget && ended.confidence == 0.625)
        #expect(ended.compute.cachedTokens == 24)
    }

    @Test func `a completion that names no mode leaves the assignment's`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id, arm: "medium", served: "low"))
        try await store.close(.sample(id))
        try await store.shutdown()
        #expect(try RecordReader(path: folder.database).request(id)?.served == "low")
    }

    @Test func `every stop has a code of its own that reads back`() {
        #expect(RecordedStop.allCases.map(\.code) == [1, 2, 3, 4])
        for stop in RecordedStop.allCases { #expect(RecordedStop(code: stop.code) == stop) }
        #expect(RecordedStop(code: 0) == nil)
    }

    @Test func `efforts sum over an arm's requests, excluded ones left out`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        func request(
            _ candidates: [RecordedCandidate],
            excluded: Exclusion? = nil,
            _ change: (inout CompletionRecord) -> Void = { _ in }
        ) async throws {
            var completion = CompletionRecord.sample(ids.next(), candidates: candidates)
            change(&completion)
            try await store.open(.sample(completion.id, excluded: excluded))
            try await store.close(completion)
        }
        try await request(candidates([0.75, 0.5, 0.25])) { $0.compute.cachedTokens = 30 }
        // Audited: the winner would have been cut.
        try await request(candidates([0.75, 0.5, 0.25, 0.25]) { $0[0].cutAtStep = 2 })
        // Pruned, and stopped.
        try await request(
            candidates([0.75, 0.5, 0.25]) {
                $0[2].end = .pruned
                $0[2].cutAtStep = 1
            }
        ) { $0.stoppedBy = .confidence }
        // Alike, but in another mode than the arm's.
        try await request(candidates([0.75, 0.5, 0.25])) { $0.served = "medium" }
        try await request(candidates([0.75, 0.5, 0.25]), excluded: .override)
        try await store.open(.sample(ids.next()))

        let efforts = try RecordReader(path: folder.database)
            .efforts(of: "effort", version: "aaaaaaaaaaaa")
        #expect(efforts.keys.map(\.rawValue) == ["low"])
        let low = try #require(efforts["low"])
        #expect(low.withCandidates == 4 && low.candidates == 13 && low.pruned == 1)
        #expect(low.audited == 1 && low.winnerCut == 1)
        #expect(low.stopped == [.confidence: 1])
        #expect(low.promptTokens == 160 && low.cachedTokens == 30)
        let two = try #require(low.nested[2])
        #expect(two.requests == 2 && two.pickScore == 1.5 && low.nested[8] == nil)
        let expected = (2 * 0.75 + 0.5) / 3 + (3 * 0.75 + 2 * 0.5 + 0.25) / 6
        #expect(abs(two.expectedScore - expected) < 1e-4)
        #expect(abs(two.sameAnswer - (2.0 / 3 + 0.5)) < 1e-4)
        try await store.shutdown()
    }

    @Test func `candidates that can't be read are an error, not a gap`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = ids.next()
        try await store.open(.sample(id))
        try await store.close(.sample(id))
        try await store.execute("UPDATE candidate SET packed = x'0102'")
        let reader = try RecordReader(path: folder.database)
        #expect(throws: StoreError.self) {
            try reader.efforts(of: "effort", version: "aaaaaaaaaaaa")
        }
        try await store.shutdown()
    }
}
