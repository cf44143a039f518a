import TestSupport
import Testing

@testable import ModelExecutor

struct SearchTests {
    typealias Script = ScriptedTokenModel.Completion

    private static let good = Script("ga.\n\nb.\n\nc.\n\n</think>yes", stepScores: [0.9, 0.9, 0.9])
    private static let bad = Script("ba.\n\nb.\n\nc.\n\n</think>no", stepScores: [0.2, 0.2, 0.2])
    private static let searches: [Search] = [
        .beam(Beam(width: 2, everySteps: 1)), .mcts(TreeSearch(exploration: 1, parallel: 2)),
        .mcts(TreeSearch(exploration: 0.2, parallel: 8)),
    ]

    private func run(_ request: GenerationRequest, _ model: ScriptedTokenModel) throws -> BatchRunner {
        var runner = BatchRunner(model)
        _ = try runner.submit(request)
        try runner.finish()
        #expect(runner.isClean)
        return runner
    }

    private func result(_ runner: BatchRunner) throws -> GenerationResult {
        try #require(runner.events.values.compactMap(\.result).first, "\(runner.failures)")
    }

    @Test func `a beam replaces the weak by copies of the strong`() throws {
        let request = GenerationRequest.asking(k: 8, .bestScore, seed: 3, search: Self.searches[0])
        let runner = try run(request, ScriptedTokenModel(.saying(Self.good, Self.bad)))
        let result = try result(runner)
        #expect(result.answer == "yes")
        #expect(result.candidates.count == 8)
        #expect(result.candidates.allSatisfy { $0.thinking.hasPrefix("ga") })
        #expect(result.candidates.count { $0.branch != nil } >= 6)
        #expect(result.candidates.allSatisfy { $0.stepScores.count == 3 })
    }

    @Test func `a tree search branches where it went well`() throws {
        let request = GenerationRequest.asking(k: 16, .bestScore, seed: 3, search: Self.searches[1])
        let runner = try run(request, ScriptedTokenModel(.saying(Self.good, Self.bad)))
        let result = try result(runner)
        #expect(result.answer == "yes")
        let branched = result.candidates.filter { $0.branch != nil }
        #expect(!branched.isEmpty)
        #expect(branched.count { $0.thinking.hasPrefix("ga") } * 2 > branched.count)
    }

    @Test(arguments: [0, 1, 2])
    func `each token is paid for once`(number: Int) throws {
        // The scripted model takes 1 ms a row, and every row but the prompt's is a token of somebody.
        let request = GenerationRequest.asking(
            k: 8,
            .bestScore,
            seed: 3,
            maxTokens: 60,
            search: Self.searches[number]
        )
        let runner = try run(request, ScriptedTokenModel(.noise(seed: 4)))
        let compute = try result(runner).compute
        let rows = runner.batch.model.decodedRows - compute.promptTokens
        // A token drawn last is never evaluated; a branch evaluates the last token of its origin again.
        #expect(abs(rows - compute.candidateTokens) <= 3 * 8 + 60)
        #expect(compute.candidateTokens <= 8 * 60 * 2)
    }

    @Test func `a copy does not pay for what it inherits`() throws {
        let request = GenerationRequest.asking(k: 8, .bestScore, search: Self.searches[0])
        let runner = try run(request, ScriptedTokenModel(.saying(Self.good)))
        // Every lane samples its eight tokens of thinking, whoever's trajectory it is on; the winner says "yes".
        #expect(try result(runner).compute.candidateTokens == 8 * 8 + 3)
        #expect(try result(runner).compute.scoredSteps == 8 * 3)
    }

    @Test(arguments: [0, 1, 2])
    func `a branch goes on as its origin would have`(number: Int) throws {
        // Logits depend on the whole history, so a wrong cell would show as another text than its record says.
        let request = GenerationRequest.asking(k: 8, .bestScore, seed: 6, search: Self.searches[number])
        let runner = try run(request, ScriptedTokenModel(.saying(Self.good, Self.bad)))
        for candidate in try result(runner).candidates {
            #expect(["ga.\n\nb.\n\nc.\n\n", "ba.\n\nb.\n\nc.\n\n"].contains(candidate.thinking))
        }
    }

    @Test(arguments: [0, 1, 2])
    func `cancelling a search frees everything`(number: Int) throws {
        for steps in stride(from: 0, through: 40, by: 3) {
            var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad)))
            let request = GenerationRequest.asking(k: 8, .bestScore, search: Self.searches[number])
            let handle = try runner.submit(request)
            for _ in 0..<steps { runner.step() }
            runner.batch.cancel(handle)
            #expect(runner.isClean, "after \(steps) steps")
        }
    }

    @Test func `a search that could not work is refused`() throws {
        let wrong: [Search] = [
            .beam(Beam(width: 0, everySteps: 1)), .beam(Beam(width: 8, everySteps: 1)),
            .beam(Beam(width: 2, everySteps: 0)), .mcts(TreeSearch(exploration: -1, parallel: 2)),
            .mcts(TreeSearch(exploration: .nan, parallel: 2)), .mcts(TreeSearch(exploration: 1, parallel: 0)),
            .mcts(TreeSearch(exploration: 1, parallel: 9)),
        ]
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good)))
        for search in wrong {
            #expect(throws: ExecutorError.self) {
                try runner.submit(.asking(k: 8, .bestScore, search: search))
            }
        }
        #expect(throws: ExecutorError.self) {
            try runner.submit(
                .asking(k: 8, .bestScore, pruning: PruningTests.halving, search: Self.searches[0])
            )
        }
    }

    @Test func `a search that the model can't hold at once is refused`() throws {
        let limits = ModelLimits(contextTokens: 100, sequences: 8, rowsPerBatch: 64, cells: 800)
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good), limits: limits))
        #expect(throws: ExecutorError.self) {
            try runner.submit(.asking(k: 8, .bestScore, search: Self.searches[0]))
        }
        _ = try runner.submit(.asking(k: 7, .bestScore, maxTokens: 40, search: Self.searches[0]))
    }

    @Test(arguments: [true, false])
    func `what looks like a step outside the thinking is no place to branch off`(thinks: Bool) throws {
        let text = thinks ? "Hi<think>a.\n\nb.\n\nc</think>d" : "a.\n\nb.\n\nc"
        var runner = BatchRunner(
            try ScriptedTokenModel(.saying(.init(text)), thinks: thinks, promptOpensThinking: false)
        )
        let search = Search.mcts(TreeSearch(exploration: 1, parallel: 1))
        let handle = try runner.submit(.asking(k: 8, .bestScore, search: search))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        #expect(result.candidates.allSatisfy { $0.branch == nil && $0.stepScores.isEmpty == thinks })
    }
}
