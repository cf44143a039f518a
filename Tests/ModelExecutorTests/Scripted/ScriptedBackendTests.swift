import ModelExecutor
import TestSupport
import Testing

struct ScriptedBackendTests {
    private func events(_ request: GenerationRequest, _ backend: ScriptedBackend = .init()) async throws
        -> [GenerationEvent]
    {
        var events: [GenerationEvent] = []
        for try await event in backend.generate(request) { events.append(event) }
        return events
    }

    @Test func `the same prompt and seed give the same events`() async throws {
        let clock = ManualClock()
        let backend = ScriptedBackend(now: { clock.now })
        let request = GenerationRequest.asking(k: 8, .bestScore, seed: 5)
        let first = try await events(request, backend)
        #expect(try await events(request, backend) == first)
        #expect(try await events(.asking(k: 8, .bestScore, seed: 6), backend) != first)
    }

    @Test(arguments: Selection.allCases)
    func `events come in the order of the real thing`(selection: Selection) async throws {
        let all = try await events(.asking(k: 4, selection))
        #expect(all.first == .prefilled(Prefilled(promptTokens: 2)))
        #expect(all[1...4].elementsEqual((1...4).map { .candidateFinished(finished: $0, of: 4) }))
        guard case .selected(let selected) = all[5], case .finished(let result) = all.last else {
            Issue.record("\(all)")
            return
        }
        #expect(selected.winner == result.winner)
        let pieces = all[6...].dropLast().map { if case .answer(let text) = $0 { text } else { "?" } }
        #expect(pieces.joined() == result.answer)
        #expect(result.candidates.count == 4)
        #expect(
            result.candidates.allSatisfy {
                ($0.answer != nil) == (selection.needsAnswers || $0.index == result.winner)
            }
        )
    }

    @Test func `the best score wins`() async throws {
        let result = try #require(try await events(.asking(k: 32, .bestScore)).result)
        #expect(result.score == result.candidates.compactMap(\.score).max())
    }

    @Test(arguments: [
        ("#fail=queue_full", ExecutorError.queueFull(limit: 256)),
        ("#fail=model", .modelFailed("scripted failure")),
        ("#fail=needs_head", .needsHead("selection best_score")),
    ])
    func `a failure asked for comes before any event`(prompt: String, failure: ExecutorError) async {
        await #expect(throws: failure) { try await events(.asking("please \(prompt) now")) }
    }

    @Test func `a break comes after the first piece of the answer`() async throws {
        var seen: [GenerationEvent] = []
        await #expect(throws: ExecutorError.self) {
            for try await event in ScriptedBackend().generate(.asking("#break")) { seen.append(event) }
        }
        #expect(seen.last == .answer("The"))
    }

    @Test func `an answer asked for is given, and ends by length if asked for`() async throws {
        guard
            case .finished(let result) = try await events(.asking("#answer=24 #length", k: 3, .majority)).last
        else { return }
        #expect(result.answer == "24")
        #expect(result.finishReason == .length)
    }

    @Test func `a delay past the deadline ends in that error`() async throws {
        let clock = ManualClock()
        let backend = ScriptedBackend(now: { clock.now }, sleep: { clock.advance(by: $0) })
        let request = GenerationRequest.asking(
            "#delay=500",
            deadline: clock.now.advanced(by: .milliseconds(100))
        )
        await #expect(throws: ExecutorError.deadlineExceeded(.zero)) { try await events(request, backend) }
        #expect(clock.start.duration(to: clock.now) == .milliseconds(100))
    }

    @Test func `a cancelled request ends with what had been told of it`() async throws {
        let generation = ScriptedBackend().generate(.asking(k: 4, .bestScore))
        var events = generation.makeAsyncIterator()
        for _ in 0..<3 { _ = try await events.next() }
        let spent = await generation.cancel()
        #expect(spent.promptTokens == 2)
        #expect(spent.candidateTokens > 0)
        #expect(spent.scoredSteps > 0)
        #expect(spent.cpu > .zero)
        await #expect(throws: ExecutorError.cancelled(spent)) { try await events.next() }
    }

    @Test func `a request that waits is woken to be cancelled`() async throws {
        let clock = ManualClock()
        let backend = ScriptedBackend(now: { clock.now }, sleep: { try await clock.sleep(for: $0) })
        let generation = backend.generate(.asking("#delay=500"))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: ExecutorError.cancelled(.zero)) { for try await _ in generation {} }
            }
            while clock.sleeperCount == 0 { await Task.yield() }
            #expect(await generation.cancel() == .zero)
        }
        #expect(clock.now == clock.start)
    }

    @Test func `what a request cost can be asked for when it is over`() async throws {
        let generation = ScriptedBackend().generate(.asking(k: 4, .majority))
        var result: GenerationResult?
        for try await event in generation {
            if case .finished(let finished) = event { result = finished }
        }
        #expect(await generation.cancel() == result?.compute)
    }

    @Test func `what no model could serve is refused`() async {
        await #expect(throws: ExecutorError.self) { try await events(.asking(k: 65)) }
        await #expect(throws: ExecutorError.promptTooLong(tokens: 26, limit: 9)) {
            try await events(.asking(String(repeating: "x", count: 100)), ScriptedBackend(contextTokens: 10))
        }
    }
}
