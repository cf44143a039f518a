import ModelExecutor
import TestSupport
import Testing

struct ContinuousBatchTests {
    static let good = ScriptedTokenModel.Completion(
        "good.\n\nway.\n\n</think>yes",
        stepScores: [0.9, 0.8]
    )
    static let bad = ScriptedTokenModel.Completion("bad.\n\n</think>no", stepScores: [0.1])

    @Test func `the scripted model keeps the contract of token models`() throws {
        for behaviour in [ScriptedBehaviour.saying(Self.good, Self.bad), .noise(seed: 7)] {
            let violations = try TokenModelContract { try ScriptedTokenModel(behaviour) }.violations()
            #expect(violations == [])
        }
    }

    @Test func `one thinking candidate tells its events in order`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good)))
        let handle = try runner.submit(.asking("Hi"))
        try runner.finish()
        let events = try #require(runner.events[handle])
        let thinking = "good.\n\nway.\n\n"
        #expect(
            events.dropLast() == [
                .prefilled(Prefilled(promptTokens: 4)),
                .candidateFinished(finished: 1, of: 1),
                .selected(Selected(winner: 0, score: events.selected?.score, thinking: thinking)),
                .answer("y"), .answer("e"), .answer("s"),
            ]
        )
        let result = try #require(runner.result(of: handle))
        #expect(result.answer == "yes")
        #expect(result.thinking == thinking)
        #expect(result.finishReason == .stop)
        #expect(result.candidates.first?.end == .stop)
        #expect(abs((result.score ?? 0) - (0.9 * 0.8).squareRoot()) < 1e-6)
        #expect(runner.isClean)
    }

    @Test func `a model that does not think streams one candidate from its first token`() throws {
        let model = try ScriptedTokenModel(.saying(.init("ab")), thinks: false, hasHead: false)
        var runner = BatchRunner(model)
        let handle = try runner.submit(.asking("Hi"))
        runner.step()
        #expect(
            runner.events[handle] == [
                .prefilled(Prefilled(promptTokens: 3)),
                .selected(Selected(winner: 0, score: nil, thinking: "")),
                .answer("a"),
            ]
        )
        try runner.finish()
        #expect(runner.answer(to: handle) == "ab")
        #expect(runner.result(of: handle)?.finishReason == .stop)
    }

    @Test func `a model that may think but answers at once is streamed too`() throws {
        let model = try ScriptedTokenModel(.saying(.init("\nab")), promptOpensThinking: false)
        var runner = BatchRunner(model)
        let handle = try runner.submit(.asking("Hi"))
        try runner.finish()
        #expect(runner.answer(to: handle) == "ab")
        #expect(runner.result(of: handle)?.compute.reasoningTokens == 0)
        #expect(runner.result(of: handle)?.candidates.first?.isComplete == true)
    }

    @Test func `a model that opens its own thinking is scored inside it`() throws {
        let script = ScriptedTokenModel.Completion("\n<think>a.\n\n</think>b.\n\n", stepScores: [0.7])
        var runner = BatchRunner(try ScriptedTokenModel(.saying(script), promptOpensThinking: false))
        let handle = try runner.submit(.asking(k: 2, .bestScore))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        #expect(result.thinking == "a.\n\n")
        #expect(result.answer == "b.\n\n")
        #expect(result.compute.scoredSteps == 2)
        #expect(result.candidates[result.winner].thinkingTokens == 5)
        #expect(abs((result.score ?? 0) - 0.7) < 1e-6)
    }

    @Test(arguments: [2, 8, 32, 64])
    func `the best scored candidate answers, the lowest index on ties`(k: Int) throws {
        let limits = ModelLimits(contextTokens: 100, sequences: 64, rowsPerBatch: 64, cells: 6400)
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad), limits: limits))
        let handle = try runner.submit(.asking(k: k, .bestScore, seed: 3))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        let best = try #require(result.candidates.firstIndex { $0.thinking.hasPrefix("good") })
        #expect(result.winner == best)
        #expect(runner.answer(to: handle) == "yes")
        #expect(result.candidates.count == k)
        for candidate in result.candidates where candidate.index != best {
            #expect(candidate.end == .closed)
            #expect(candidate.answer == nil)
        }
        #expect(runner.isClean)
    }

    @Test func `every candidate is reported as finished once, before the selection`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad)))
        let handle = try runner.submit(.asking(k: 8, .bestScore))
        try runner.finish()
        let events = try #require(runner.events[handle])
        #expect(events.first == .prefilled(Prefilled(promptTokens: 7)))
        #expect(events[1...8].elementsEqual((1...8).map { .candidateFinished(finished: $0, of: 8) }))
        #expect(events.firstIndex { if case .selected = $0 { true } else { false } } == 9)
    }

    @Test func `the prompt is evaluated once for all candidates`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.bad)))
        let handle = try runner.submit(.asking("0123456789", k: 4, .bestScore))
        try runner.finish()
        let compute = try #require(runner.result(of: handle)).compute
        #expect(compute.promptTokens == 12)
        // Each thinks "bad", a step and the close; the winner says "no".
        #expect(compute.candidateTokens == 4 * 5 + 2)
        #expect(compute.answerTokens == 2)
        #expect(compute.reasoningTokens == 5)
        // The last thinking token of losers is never evaluated; that of the winner is, and "no".
        #expect(runner.batch.model.decodedRows == 12 + 4 * 4 + 1 + 2)
        #expect(abs(compute.cpu / .milliseconds(1) - Double(runner.batch.model.decodedRows)) < 1e-6)
    }

    @Test func `losers give their sequences back before the answer`() throws {
        let long = String(repeating: "x", count: 50)
        let script = ScriptedTokenModel.Completion("a.\n\n</think>" + long, stepScores: [0.6])
        var runner = BatchRunner(try ScriptedTokenModel(.saying(script)))
        let handle = try runner.submit(.asking(k: 8, .bestScore))
        while runner.events[handle]?.selected == nil { runner.step() }
        #expect(runner.batch.model.liveSequences == 1)
        #expect(runner.batch.reservedCells <= 7 + 100)
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `a voting selection lets every candidate answer`() throws {
        let right = ScriptedTokenModel.Completion("a.\n\n</think>24", weight: 3, stepScores: [0.2])
        let wrong = ScriptedTokenModel.Completion("b.\n\n</think>25", stepScores: [0.9])
        var runner = BatchRunner(try ScriptedTokenModel(.saying(right, wrong)))
        let handle = try runner.submit(.asking(k: 16, .majority))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        #expect(result.answer == "24")
        #expect(result.candidates.allSatisfy { $0.answer == "24" || $0.answer == "25" })
        #expect(result.candidates.contains { $0.answer == "25" })
        #expect(runner.answer(to: handle) == "24")
        #expect(runner.isClean)
    }

    @Test func `a truncated trace loses to a closed one that scored worse`() throws {
        let endless = ScriptedTokenModel.Completion(
            "a.\n\n" + String(repeating: "z", count: 60),
            weight: 5,
            stepScores: [0.99]
        )
        var runner = BatchRunner(try ScriptedTokenModel(.saying(endless, Self.bad)))
        let handle = try runner.submit(.asking(k: 16, .bestScore, maxTokens: 30))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        #expect(result.candidates.contains { $0.end == .length })
        #expect(result.answer == "no")
    }

    @Test func `where every trace is truncated the answer is empty and says so`() throws {
        let endless = ScriptedTokenModel.Completion("a.\n\n" + String(repeating: "z", count: 60))
        var runner = BatchRunner(try ScriptedTokenModel(.saying(endless)))
        let handle = try runner.submit(.asking(k: 2, .bestScore, maxTokens: 10))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        #expect(result.answer == "")
        #expect(result.finishReason == .length)
        #expect(result.firstToken == nil)
        #expect(result.candidates.allSatisfy { $0.thinkingTokens == 10 && !$0.isComplete })
        #expect(runner.isClean)
    }

    @Test func `max tokens counts thinking and answer together`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(.init("ab</think>cdefgh"))))
        let handle = try runner.submit(.asking(maxTokens: 5))
        try runner.finish()
        #expect(runner.answer(to: handle) == "cd")
        #expect(runner.result(of: handle)?.finishReason == .length)
    }
}
