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

    @Test func `large requests share lanes alike, whoever came first`() throws {
        var runner = try runner(sequences: 64)
        _ = try runner.submit(.asking("large 1", k: 64, .bestScore))
        _ = try runner.submit(.asking("large 2", k: 64, .bestScore))
        for _ in 0..<3 { runner.step() }
        // Two prompts are kept and four sequences are left to newcomers.
        #expect(runner.batch.model.liveSequences == 60)
        #expect(runner.batch.runningCandidates == 58)
    }

    @Test func `rows are limited where more would only take longer`() throws {
        var cost = StepCost()
        for rows in 1...40 { cost.observe(rows: rows, seconds: 0.0001 + 0.0002 * Double(rows)) }
        #expect(cost.saturation == 10)
        #expect(abs((cost.seconds(rows: 100) ?? 0) - 0.0201) < 1e-6)
        var flat = StepCost()
        for rows in 1...40 { flat.observe(rows: rows, seconds: 0.01) }
        #expect(flat.saturation ?? .max > 1000)
        var unknown = StepCost()
        for _ in 1...40 { unknown.observe(rows: 4, seconds: 0.01) }
        #expect(unknown.saturation == nil)
        #expect(abs((unknown.seconds(rows: 8) ?? 0) - 0.02) < 1e-9)
        #expect(StepCost().seconds(rows: 1) == nil)
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
            func step() {
                let rows = runner.batch.model.decodedRows
                runner.stepDuration = .zero
                runner.step()
                runner.clock.advance(by: .milliseconds(runner.batch.model.decodedRows - rows + 1))
            }
            // Batches of more than one size have been seen before.
            for k in [1, 4, 2, 8] {
                let handle = try runner.submit(.asking("warm \(k)", k: k, .bestScore))
                while runner.result(of: handle) == nil { step() }
            }
            if company {
                _ = try runner.submit(.asking("large", k: 32, .bestScore, maxTokens: 90))
                for _ in 0..<3 { step() }
            }
            let handle = try runner.submit(.asking("small", k: 2, .bestScore))
            let start = runner.clock.now
            while runner.result(of: handle) == nil { step() }
            return start.duration(to: runner.clock.now)
        }
        let (alone, beside) = (try time(company: false), try time(company: true))
        #expect(beside / alone < 9, "\(alone) alone, \(beside) beside 32 candidates")
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
