import TestSupport
import Testing

@testable import ModelExecutor

struct PruningTests {
    typealias Script = ScriptedTokenModel.Completion

    static let good = Script("ga.\n\nb.\n\nc.\n\n</think>yes", stepScores: [0.9, 0.9, 0.9])
    static let bad = Script("ba.\n\nb.\n\nc.\n\n</think>no", stepScores: [0.2, 0.2, 0.2])
    static let halving = Pruning(keep: 0.5, afterSteps: 1)

    /// Candidates that have these scores, each of one token and a step for every score.
    private func candidates(_ scores: [Double]..., wave: (Int) -> Int = { _ in 0 }) -> [Candidate] {
        let vocabulary = Vocabulary(size: 9, endOfGeneration: [0], step: [1], thinkOpen: 2, thinkClose: 3)
        let rules = CandidateRules(
            endOfGeneration: [0],
            thinkOpen: 2,
            thinkClose: 3,
            maxTokens: 99,
            contextTokens: 99,
            answersAlways: false
        )
        return scores.enumerated().map { index, scores in
            var candidate = Candidate(
                index: index,
                seed: 0,
                finder: StepFinder(vocabulary: vocabulary),
                seen: nil,
                stops: [],
                thinks: true,
                rung: 1
            )
            candidate.started(in: .thinking, sequence: index, pending: 9, position: 9, wave: wave(index))
            for score in scores {
                candidate.scored(score)
                candidate.sampled(SampledToken(token: 1, logProbability: -1), under: rules) { _ in [] }
            }
            return candidate
        }
    }

    @Test func `the best share goes on, rounded up, of equals the lowest index`() {
        let five = candidates([0.1], [0.9], [0.5], [0.7], [0.3])
        #expect(Self.halving.cuts(of: [0, 1, 2, 3, 4], at: 1, among: five) == [0, 4])
        #expect(
            Pruning(keep: 0.3, afterSteps: 1).cuts(of: [0, 1, 2, 3, 4], at: 1, among: five) == [0, 2, 4]
        )
        let equals = candidates([0.5], [0.5], [0.5], [0.5])
        #expect(Self.halving.cuts(of: [0, 1, 2, 3], at: 1, among: equals) == [2, 3])
    }

    @Test func `two stay alive whatever is kept`() {
        let harsh = Pruning(keep: 0.01, afterSteps: 1)
        let four = candidates([0.1], [0.2], [0.3], [0.4])
        #expect(harsh.cuts(of: [0, 1, 2, 3], at: 1, among: four) == [0, 1])
        // The fourth has not come as far and still thinks: one of the others is enough beside it.
        let three = candidates([0.1], [0.2], [0.3], [])
        #expect(harsh.cuts(of: [0, 1, 2], at: 1, among: three) == [0, 1])
    }

    @Test func `a later candidate is ranked among all that ever came as far`() {
        let mixed = candidates([0.9, 0.9], [0.6, 0.6], [0.7])
        #expect(Self.halving.cuts(of: [2], at: 1, among: mixed) == [])
        let five = candidates([0.9, 0.9], [0.8, 0.8], [0.7, 0.7], [0.1])
        #expect(Self.halving.cuts(of: [3], at: 1, among: five) == [3])
    }

    @Test(arguments: [(0.5, 4, 8), (0.5, 1, 2), (0.9, 1, 2), (0.25, 3, 12), (0.99, 50, 51)])
    func `rungs stand further apart the fewer go on`(keep: Double, rung: Int, next: Int) {
        #expect(Pruning(keep: keep, afterSteps: 1).rung(after: rung) == next)
    }

    @Test(arguments: [(0, 1), (1, 1), (-0.5, 1), (.nan, 1), (0.5, 0), (0.5, 10_001)])
    func `a pruning that could not work is refused`(keep: Double, afterSteps: Int) throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good)))
        let pruning = Pruning(keep: keep, afterSteps: afterSteps)
        #expect(throws: ExecutorError.self) {
            try runner.submit(.asking(k: 4, .bestScore, pruning: pruning))
        }
    }

    @Test func `a model without a head refuses to prune, whatever the selection`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good), hasHead: false))
        #expect(throws: ExecutorError.needsHead("pruning")) {
            try runner.submit(.asking(k: 4, .majority, pruning: Self.halving))
        }
    }

    @Test(arguments: [Selection.bestScore, .majority, .weightedVote, .likelihood])
    func `losers are cut at the rung and the winner is that of the full run`(selection: Selection) throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad)))
        let full = try runner.submit(.asking(k: 8, selection, seed: 3))
        try runner.finish()
        let pruned = try runner.submit(.asking(k: 8, selection, seed: 3, pruning: Self.halving))
        try runner.finish()
        let before = try #require(runner.result(of: full))
        let after = try #require(runner.result(of: pruned))
        let good = before.candidates.filter { $0.thinking.hasPrefix("g") }.map(\.index)
        try #require(good.count >= 4, "the seed is one that makes half of them good: \(good)")
        let cut = after.candidates.filter { $0.end == .pruned }
        #expect(cut.count == 6, "four at one step, two at two, and two stay")
        #expect(cut.count { $0.cutAtStep == 1 } == 4)
        #expect(cut.allSatisfy { $0.stepScores.count == $0.cutAtStep && $0.answer == nil })
        #expect(good.contains(after.winner))
        #expect(after.candidates[after.winner].end == .stop)
        #expect(after.compute.candidateTokens < before.compute.candidateTokens)
        #expect(runner.isClean)
    }

    @Test func `an audited request runs in full and says who would have been cut`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad)))
        let full = try runner.submit(.asking(k: 8, .bestScore))
        try runner.finish()
        let pruned = try runner.submit(.asking(k: 8, .bestScore, pruning: Self.halving))
        try runner.finish()
        var audit = Self.halving
        audit.isAudit = true
        let audited = try runner.submit(.asking(k: 8, .bestScore, pruning: audit))
        try runner.finish()
        let before = try #require(runner.result(of: full))
        let after = try #require(runner.result(of: audited))
        #expect(after.winner == before.winner)
        #expect(after.compute.candidateTokens == before.compute.candidateTokens)
        #expect(after.candidates.allSatisfy { $0.end != .pruned })
        #expect(after.candidates.map(\.cutAtStep) == runner.result(of: pruned)?.candidates.map(\.cutAtStep))
        #expect(after.candidates.count { $0.cutAtStep != nil } == 6)
    }

    @Test func `a late bloomer that pruning would lose is seen by the audit`() throws {
        let late = Script("la.\n\nb.\n\n</think>late", stepScores: [0.1, 0.99])
        let early = Script("ea.\n\nb.\n\n</think>early", weight: 7, stepScores: [0.2, 0.2])
        var runner = BatchRunner(try ScriptedTokenModel(.saying(late, early)))
        let audit = Pruning(keep: 0.5, afterSteps: 1, isAudit: true)
        let handle = try runner.submit(.asking(k: 8, .bestScore, seed: 5, pruning: audit))
        try runner.finish()
        let result = try #require(runner.result(of: handle))
        try #require(result.answer == "late", "the seed is one that draws a late one")
        #expect(result.candidates[result.winner].cutAtStep == 1)
    }

    @Test func `what a cut frees is taken by the queue before the request is over`() throws {
        // Room for four candidates: the second request starts when two of the first four are cut.
        let limits = ModelLimits(contextTokens: 100, sequences: 4, rowsPerBatch: 64, cells: 400)
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.good, Self.bad), limits: limits))
        let first = try runner.submit(.asking(k: 4, .bestScore, pruning: Self.halving))
        runner.step()
        let second = try runner.submit(.asking(k: 2, .bestScore))
        while runner.events[second, default: []].isEmpty, runner.batch.hasWork { runner.step() }
        #expect(runner.result(of: first) == nil)
        try runner.finish()
        #expect(runner.result(of: first) != nil && runner.result(of: second) != nil)
        #expect(runner.isClean)
    }

    @Test func `pruning has one outcome however the batches are cut`() throws {
        func outcome(rows: Int, company: Int) throws -> GenerationResult {
            let limits = ModelLimits(contextTokens: 300, sequences: 64, rowsPerBatch: rows, cells: 64 * 300)
            var runner = BatchRunner(try ScriptedTokenModel(.noise(seed: 5), limits: limits))
            let request = GenerationRequest.asking(
                "x",
                k: 8,
                .bestScore,
                maxTokens: 80,
                pruning: Self.halving
            )
            let handle = try runner.submit(request)
            for number in 0..<company { _ = try runner.submit(.asking("other \(number)", k: 4, .bestScore)) }
            try runner.finish()
            return try #require(runner.result(of: handle))
        }
        let alone = try outcome(rows: 64, company: 0)
        #expect(alone.candidates.contains { $0.cutAtStep != nil }, "the noise has steps to be cut at")
        #expect(try outcome(rows: 5, company: 6).candidates == alone.candidates)
    }
}
