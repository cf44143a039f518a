import FoundationEssentials
import Policy
import TestSupport
import Testing

@testable import Store

@Suite struct RecordReaderTests {
    @Test func `observations sum requests inside their subjects and arms`() async throws {
        let folder = try TemporaryFolder()
        let clock = SteppedClock()
        let ids = RequestID.Generator(now: clock.now, random: SeededGenerator(seed: 1))
        let store = try await RecordStore.sample(in: folder, clock: clock)
        func request(_ assignment: AssignmentRecord, _ state: TerminalState?, outcome: Double? = nil)
            async throws
        {
            try await store.open(assignment)
            if let state {
                let latency = Duration.milliseconds(100 + assignment.id.key % 7)
                try await store.close(.sample(assignment.id, state: state, latency: latency))
            }
            guard let outcome else { return }
            let record = OutcomeRecord(request: assignment.id, metric: "success", value: outcome)
            #expect(try await store.record([record]) == [.accepted])
        }
        let start = clock.now()
        try await request(.sample(ids.next(), subject: "ann"), .completed, outcome: 1)
        clock.advance(by: 1_000)
        try await request(.sample(ids.next(), subject: "ann"), .failed)
        try await request(.sample(ids.next(), subject: "bob"), .completed, outcome: 0)
        try await request(.sample(ids.next(), subject: "cy"), nil)
        try await request(.sample(ids.next(), arm: "medium", subject: "bob", served: "low"), .completed)
        try await request(.sample(ids.next(), arm: "medium", subject: "dan", excluded: .override), .completed)

        let observed = try RecordReader(path: folder.database).observations(of: "effort", metric: "success")
        #expect(observed.map(\.arm) == ["low", "medium"])
        let (low, medium) = (observed[0], observed[1])
        #expect(low.isControl && low.basisPoints == 9_000 && !medium.isControl)
        #expect(low.requests == 4 && low.open == 1 && low.ended == [.completed: 2, .failed: 1])
        #expect(low.subjects.map(\.requests) == [2, 1, 1])
        let ann = low.subjects[0]
        #expect(ann.subject == SubjectNumber(SubjectID("ann").digest) && ann.firstAssigned == start)
        #expect(ann.withOutcome == 1 && ann.outcomeSum == 1 && ann.failures == 1)
        #expect(ann.candidateTokens == 220 && ann.candidateTokenSquares == 24_200 && ann.promptTokens == 80)
        #expect(abs(ann.cpuSeconds - 0.19) < 1e-9 && abs(ann.cpuSecondSquares - 0.018_05) < 1e-9)
        #expect(low.firstAssigned == start && low.lastAssigned == clock.now())
        #expect(low.latencies.count == 2 && low.latencies[0].value <= low.latencies[1].value)
        #expect(low.firstTokens.map(\.value) == [80, 80])
        #expect(low.crossedOver == 1 && medium.crossedOver == 1)
        #expect(medium.degraded == 1 && medium.excluded == 1 && medium.requests == 1)
        try await store.shutdown()
    }

    @Test func `a file that is missing or empty is no record`() throws {
        let folder = try TemporaryFolder()
        let nothing = StoreError.noRecord(path: folder.database)
        #expect(throws: nothing) { try RecordReader(path: folder.database) }
        #expect(FileManager.default.createFile(atPath: folder.database, contents: nil))
        #expect(throws: nothing) { try RecordReader(path: folder.database) }
    }

    @Test func `an arm answers for its overload, not for prompts that could never fit`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let ids = RequestID.Generator(random: SeededGenerator(seed: 2))
        let rejections: [(SubjectID, EndCause)] = [
            ("ann", .overload), ("bob", .promptTooLong), ("cy", .other),
        ]
        for (subject, cause) in rejections {
            let id = ids.next()
            try await store.open(.sample(id, subject: subject))
            let latency = Duration.milliseconds(1)
            try await store.close(CompletionRecord(id: id, state: .rejected, cause: cause, latency: latency))
        }
        let low = try RecordReader(path: folder.database).observations(of: "effort", metric: "success")[0]
        #expect(low.ended == [.rejected: 3])
        #expect(low.subjects.map(\.failures) == [1, 0, 0])
        try await store.shutdown()
    }

    @Test func `another metric's outcomes and another policy's requests don't count`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        let id = RequestID.Generator().next()
        try await store.open(.sample(id))
        _ = try await store.record([OutcomeRecord(request: id, metric: "success", value: 1)])
        let reader = try RecordReader(path: folder.database)
        #expect(
            try reader.observations(of: "effort", metric: "rating").first?.subjects.first?.withOutcome == 0
        )
        #expect(try reader.observations(of: "other", metric: "success").isEmpty)
        try await store.shutdown()
    }

    @Test func `a subject counts once for its policy, unless all its requests were left out`() async throws {
        let folder = try TemporaryFolder()
        let store = try await RecordStore.sample(in: folder)
        var later = PolicyRecord.twoArms
        later.version = "bbbbbbbbbbbb"
        try await store.remember([later])
        let ids = RequestID.Generator(random: SeededGenerator(seed: 3))
        for assignment in [
            AssignmentRecord.sample(ids.next(), subject: "ann"), .sample(ids.next(), subject: "ann"),
            .sample(ids.next(), arm: "medium", subject: "ann", version: "bbbbbbbbbbbb"),
            .sample(ids.next(), subject: "bob", version: "bbbbbbbbbbbb"),
            .sample(ids.next(), subject: "bob", excluded: .override),
            .sample(ids.next(), subject: "cy", excluded: .clientEffort),
        ] {
            try await store.open(assignment)
        }
        let reader = try RecordReader(path: folder.database)
        #expect(try reader.subjectCount(of: "effort") == 2)
        #expect(try reader.subjectCount(of: "other") == 0)
        try await store.shutdown()
    }
}
