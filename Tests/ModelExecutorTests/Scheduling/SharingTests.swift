import TestSupport
import Testing

@testable import ModelExecutor

/// Who gets how much where requests compete.
struct SharingTests {
    private static let long = ScriptedTokenModel.Completion(
        String(repeating: "a", count: 30) + ".\n\n</think>long"
    )
    private static let short = ScriptedTokenModel.Completion("b.\n\n</think>short")
    private static let behaviour = ScriptedBehaviour.completions { $0.hasPrefix("large") ? [long] : [short] }

    private func runner(sequences: Int, rows: Int = 128, context: Int = 100) throws -> BatchRunner {
        let limits = ModelLimits(
            contextTokens: context,
            sequences: sequences,
            rowsPerBatch: rows,
            cells: context * sequences
        )
        return BatchRunner(try ScriptedTokenModel(Self.behaviour, limits: limits))
    }

    @Test(
        arguments: [
            (10, [32, 1, 2], [7, 1, 2]), (40, [32, 1, 2], [32, 1, 2]), (10, [32, 32], [5, 5]),
            (11, [3, 9, 9], [3, 4, 4]), (2, [4, 4, 4], [1, 1, 0]), (5, [0, 9, 0], [0, 5, 0]), (0, [3], [0]),
        ]
    )
    func `prompt rows are shared by request`(room: Int, demands: [Int], expected: [Int]) {
        let tiers = demands.map { _ in Tier.standard }
        #expect(BatchPlan.shares(of: room, among: demands, tiers: tiers, turn: 0) == expected)
    }

    @Test func `shares never pass the room nor the demand, and leave nothing that is wanted`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<500 {
            let demands = (0..<Int.random(in: 1...9, using: &generator)).map { _ in
                Int.random(in: 0...40, using: &generator)
            }
            let tiers = demands.map { _ in Tier.allCases.randomElement(using: &generator) ?? .standard }
            let room = Int.random(in: 0...80, using: &generator)
            let turn = Int.random(in: 0...100, using: &generator)
            let shares = BatchPlan.shares(of: room, among: demands, tiers: tiers, turn: turn)
            #expect(zip(shares, demands).allSatisfy { $0 <= $1 && $0 >= 0 })
            #expect(shares.reduce(0, +) == min(room, demands.reduce(0, +)), "\(room) among \(demands)")
        }
    }

    @Test func `higher tiers take first and leave everyone a row`() {
        let shares = BatchPlan.shares(
            of: 12,
            among: [8, 8, 8],
            tiers: [.flex, .priority, .standard],
            turn: 0
        )
        #expect(shares == [1, 8, 3])
    }

    @Test func `a small request begins at once beside two large ones`() throws {
        var runner = try runner(sequences: 64)
        let large = try (1...2).map { try runner.submit(.asking("large \($0)", k: 64, .bestScore)) }
        for _ in 0..<5 { runner.step() }
        let small = try runner.submit(.asking("small", k: 2, .bestScore))
        try runner.finish()
        #expect(runner.result(of: small)?.queued == .zero)
        let order = runner.log.compactMap { emission in
            if case .event(.finished) = emission.content { emission.request } else { nil }
        }
        #expect(order.first == small)
        for handle in large { #expect(runner.result(of: handle)?.candidates.count == 64) }
        #expect(runner.isClean)
    }

    @Test func `a small request finds cells beside a large one in one pool`() throws {
        let limits = ModelLimits(contextTokens: 400, sequences: 64, rowsPerBatch: 64, cells: 1_600)
        var runner = BatchRunner(try ScriptedTokenModel(Self.behaviour, limits: limits))
        _ = try runner.submit(.asking("large", k: 32, .bestScore, maxTokens: 50))
        for _ in 0..<5 { runner.step() }
        let small = try runner.submit(.asking("small", maxTokens: 50))
        try runner.finish()
        #expect(runner.result(of: small)?.queued == .zero)
        #expect(runner.batch.model.mostLiveCells <= 1_600)
        #expect(runner.isClean)
    }

    @Test func `a request that is alone starts all its candidates at once where they fit`() throws {
        var runner = try runner(sequences: 64)
        _ = try runner.submit(.asking("large", k: 63, .bestScore))
        for _ in 0..<2 { runner.step() }
        #expect(runner.batch.runningCandidates == 63)
    }

    @Test func `those that run grow while others wait that may not begin yet`() throws {
        var runner = try runner(sequences: 64)
        for number in 1...10 { _ = try runner.submit(.asking("large \(number)", k: 32, .bestScore)) }
        for _ in 0..<4 { runner.step() }
        #expect(runner.batch.runningRequests == 6, "eight lanes each of the 48 that are not for small ones")
        #expect(runner.batch.queuedRequests == 4)
        #expect(runner.batch.runningCandidates > 50)
    }

    @Test func `small requests go past large ones that may not begin yet`() throws {
        var runner = try runner(sequences: 64)
        for number in 1...10 { _ = try runner.submit(.asking("large \(number)", k: 32, .bestScore)) }
        for _ in 0..<4 { runner.step() }
        let queued = runner.batch.queuedRequests
        _ = try runner.submit(.asking("small", k: 1))
        runner.step()
        #expect(runner.batch.queuedRequests == queued && queued > 0)
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `large requests share lanes alike, whoever came first`() throws {
        var runner = try runner(sequences: 64)
        _ = try runner.submit(.asking("large 1", k: 64, .bestScore))
        _ = try runner.submit(.asking("large 2", k: 64, .bestScore))
        for _ in 0..<3 { runner.step() }
        // Two prompts are kept and four sequences are left to newcomers.
        #expect(runner.batch.model.liveSequences == 60)
        #expect(runner.batch.runningCandidates == 58)
    }

    private func cost(rows: [Int], seconds: (Int) -> Double) -> StepCost {
        var cost = StepCost()
        for count in rows {
            for _ in 0..<20 { cost.observe(rows: count, seconds: seconds(count)) }
        }
        return cost
    }

    @Test func `rows are limited where more would only take longer`() throws {
        let cost = cost(rows: [1, 4, 16, 32, 64]) { 0.001 + 0.0004 * Double($0) }
        // 667, 1,538, 2,162, 2,318 and 2,406 rows a second: 32 are within a twentieth of the most.
        #expect(cost.saturation == 32)
        #expect(abs(try #require(cost.seconds(rows: 60)) - 0.025) < 1e-9, "between sizes seen")
        #expect(abs(try #require(cost.seconds(rows: 1_000)) - 0.401) < 1e-9, "as it rose last")
        #expect(abs(try #require(self.cost(rows: [4]) { _ in 0.01 }.seconds(rows: 32)) - 0.01) < 1e-9)
        let proportional = self.cost(rows: [1, 4, 16, 32]) { 0.001 * Double($0) }
        #expect(proportional.saturation == StepCost.fewestSharedRows, "never fewer")
    }

    @Test func `rows are not limited where more are faster, or were never seen`() throws {
        #expect(cost(rows: [1, 4, 16, 64]) { _ in 0.01 }.saturation == nil)
        #expect(cost(rows: [4]) { _ in 0.01 }.saturation == nil)
        #expect(StepCost().saturation == nil)
        #expect(StepCost().seconds(rows: 1) == nil)
        var fewer = StepCost()
        for _ in 0..<15 { fewer.observe(rows: 4, seconds: 0.01) }
        #expect(fewer.seconds(rows: 4) == nil)
        fewer.observe(rows: 4, seconds: 0.01)
        #expect(abs(try #require(fewer.seconds(rows: 4)) - 0.01) < 1e-9)
    }

    /// A batch with a clock in which each row takes as long, so that more rows are never faster.
    private func busyRunner() throws -> BatchRunner {
        var runner = try runner(sequences: 64)
        for k in [4, 16, 32, 60] {
            let handle = try runner.submit(.asking("large \(k)", k: k, .bestScore))
            while runner.result(of: handle) == nil { runner.stepByRows() }
        }
        return runner
    }

    @Test func `large requests leave sequences free that would make nothing faster`() throws {
        var runner = try busyRunner()
        for number in 1...4 { _ = try runner.submit(.asking("large \(number)", k: 32, .bestScore)) }
        for _ in 0..<10 { runner.stepByRows() }
        #expect(runner.batch.runningRequests == 4)
        #expect(runner.batch.runningCandidates == StepCost.fewestSharedRows)
        for number in 1...30 { _ = try runner.submit(.asking("small \(number)", k: 1)) }
        runner.stepByRows()
        #expect(runner.batch.queuedRequests == 0, "no small one waits")
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `a large request that is alone takes more rows than make it faster`() throws {
        var runner = try busyRunner()
        _ = try runner.submit(.asking("large", k: 32, .bestScore))
        for _ in 0..<3 { runner.stepByRows() }
        #expect(runner.batch.runningCandidates == 32)
    }

    @Test func `a hiccup of the machine changes little`() throws {
        var cost = StepCost()
        for round in 0..<100 { cost.observe(rows: 1 + round % 32, seconds: 0.001 * Double(1 + round % 32)) }
        let before = try #require(cost.seconds(rows: 16))
        cost.observe(rows: 16, seconds: 10)
        #expect(try #require(cost.seconds(rows: 16)) < 1.2 * before)
    }

    @Test func `a small request keeps its pace beside a large one`() throws {
        // The clock moves with the rows of a batch, as on a machine whose every row takes as long.
        func time(company: Bool) throws -> Duration {
            var runner = try runner(sequences: 64)
            // Batches of more than one size have been seen before.
            for k in [1, 4, 16, 32] {
                let handle = try runner.submit(.asking("large \(k)", k: k, .bestScore))
                while runner.result(of: handle) == nil { runner.stepByRows() }
            }
            if company {
                _ = try runner.submit(.asking("large", k: 32, .bestScore, maxTokens: 90))
                for _ in 0..<3 { runner.stepByRows() }
            }
            let handle = try runner.submit(.asking("small", k: 2, .bestScore))
            let start = runner.clock.now
            while runner.result(of: handle) == nil { runner.stepByRows() }
            return start.duration(to: runner.clock.now)
        }
        let (alone, beside) = (try time(company: false), try time(company: true))
        #expect(beside / alone < 12, "\(alone) alone, \(beside) beside 32 candidates")
    }

    @Test func `a long prompt comes in small pieces beside running answers`() throws {
        var runner = try runner(sequences: 8, rows: 256, context: 400)
        _ = try runner.submit(.asking("large", k: 2, .bestScore))
        for _ in 0..<3 { runner.step() }
        _ = try runner.submit(.asking(String(repeating: "p", count: 300)))
        var rows = runner.batch.model.decodedRows
        for _ in 0..<5 {
            runner.step()
            #expect(runner.batch.model.decodedRows - rows == 2 + BatchPlan.promptRowsBesideDecoding)
            rows = runner.batch.model.decodedRows
        }
        try runner.finish()
    }

    @Test func `a short prompt does not wait for a long one`() throws {
        var runner = try runner(sequences: 8, rows: 64, context: 2_000)
        let long = try runner.submit(.asking(String(repeating: "p", count: 1_500)))
        let short = try runner.submit(.asking("short"))
        try runner.finish()
        let order = runner.log.compactMap { emission in
            if case .event(.finished) = emission.content { emission.request } else { nil }
        }
        #expect(order == [short, long])
    }

    private func askingLarge(_ tier: Tier) -> GenerationRequest {
        var request = GenerationRequest.asking("large", k: 32, .bestScore)
        request.tier = tier
        return request
    }

    @Test func `large requests of a lower tier do not keep a higher one from beginning`() throws {
        var runner = try runner(sequences: 64)
        for _ in 1...6 { _ = try runner.submit(askingLarge(.flex)) }
        runner.step()
        let urgent = try runner.submit(askingLarge(.priority))
        for _ in 0..<40 where runner.events[urgent] == nil { runner.step() }
        #expect(runner.events[urgent] != nil, "it waits for two lanes and no more")
        try runner.finish()
        #expect(runner.isClean)
    }

    @Test func `a small request of a lower tier goes past a large one that may not begin`() throws {
        var runner = try runner(sequences: 64)
        for _ in 1...6 { _ = try runner.submit(askingLarge(.priority)) }
        runner.step()
        _ = try runner.submit(askingLarge(.priority))
        runner.step()
        let queued = runner.batch.queuedRequests
        _ = try runner.submit(.asking("small", k: 1))
        runner.step()
        #expect(runner.batch.queuedRequests == queued && queued == 1)
        try runner.finish()
    }

    @Test func `a higher tier begins before those that came earlier`() throws {
        var runner = try runner(sequences: 1)
        _ = try runner.submit(.asking("running"))
        runner.step()
        var handles: [RequestHandle] = []
        for tier in [Tier.flex, .standard, .priority, .standard] {
            var request = GenerationRequest.asking("waiting")
            request.tier = tier
            handles.append(try runner.submit(request))
        }
        try runner.finish()
        let order = runner.log.compactMap { emission in
            if case .event(.finished) = emission.content { emission.request } else { nil }
        }
        #expect(Array(order.dropFirst()) == [handles[2], handles[1], handles[3], handles[0]])
    }
}
