import TestSupport
import Testing

@testable import ModelExecutor

struct EscalationTests {
    typealias Script = ScriptedTokenModel.Completion

    private static let sure = Script("s.\n\n</think>sure", stepScores: [0.9])
    private static let unsure = Script("u.\n\n</think>unsure", stepScores: [0.3])
    private static let calibration = Calibration(scores: [0, 0.5, 1], probabilities: [0, 0.6, 1])
    private static let stages = Escalation(stages: [2, 8, 16], confidence: 0.9)

    private func run(
        _ request: GenerationRequest,
        _ scripts: Script...,
        calibration: Calibration? = Self.calibration
    ) throws -> GenerationResult {
        var runner = BatchRunner(
            try ScriptedTokenModel(.completions { _ in scripts }, calibration: calibration)
        )
        let handle = try runner.submit(request)
        try runner.finish()
        #expect(runner.isClean)
        return try #require(runner.result(of: handle), "\(runner.failures)")
    }

    @Test func `a sure pick ends it after the first stage`() throws {
        let result = try run(.asking(k: 16, .bestScore, escalation: Self.stages), Self.sure)
        #expect(result.candidates.count == 2)
        #expect(result.stoppedBy == .confidence)
        #expect(abs((result.confidence ?? 0) - 0.92) < 1e-6)
        #expect(result.answer == "sure")
    }

    @Test func `an unsure pick goes through all stages`() throws {
        let result = try run(.asking(k: 16, .bestScore, escalation: Self.stages), Self.unsure)
        #expect(result.candidates.count == 16)
        #expect(result.stoppedBy == nil)
        #expect(abs((result.confidence ?? 0) - 0.36) < 1e-6)
    }

    @Test func `its candidates are those of the full effort`() throws {
        let rare = Script("r.\n\n</think>rare", weight: 0.3, stepScores: [0.95])
        for seed in 1...20 as ClosedRange<UInt64> {
            let full = try run(.asking(k: 16, .bestScore, seed: seed), rare, Self.unsure)
            let adaptive = GenerationRequest.asking(k: 16, .bestScore, seed: seed, escalation: Self.stages)
            let result = try run(adaptive, rare, Self.unsure)
            let first = full.candidates.firstIndex { $0.score ?? 0 > 0.9 }
            let expected = first.map { $0 < 2 ? 2 : $0 < 8 ? 8 : 16 } ?? 16
            #expect(result.candidates.count == expected, "seed \(seed)")
            #expect(result.winner == full.winner, "seed \(seed)")
            #expect(result.candidates.map(\.thinking) == full.candidates.prefix(expected).map(\.thinking))
        }
    }

    @Test func `votes that agree end it, one voice of two does not`() throws {
        let agreed = try run(.asking(k: 16, .majority, escalation: Self.stages), Self.sure, calibration: nil)
        #expect(agreed.candidates.count == 8, "two that agree are 0.875 sure, eight more than enough")
        #expect(agreed.stoppedBy == .agreement)
        let split = try run(
            .asking(k: 16, .majority, seed: 5, escalation: Self.stages),
            Self.sure,
            Self.unsure,
            calibration: nil
        )
        #expect(split.candidates.count == 16)
        #expect(split.stoppedBy == nil)
    }

    @Test(arguments: [(1, 0, 0.75), (2, 0, 0.875), (2, 2, 0.5), (8, 0, 511.0 / 512), (3, 1, 0.8125)])
    func `agreement is a tail of the beta distribution`(votes: Int, against: Int, expected: Double) {
        #expect(abs(Agreement.confidence(pick: votes, rival: against) - expected) < 1e-12)
        #expect(abs(Agreement.confidence(pick: against, rival: votes) - (1 - expected)) < 1e-12)
    }

    @Test func `a pick by weight is as sure as the votes for it`() throws {
        let (one, two) = (try #require(AnswerKey("1")), try #require(AnswerKey("2")))
        #expect(Agreement.confidence(in: one, among: [one, two, two, two]) == 0.1875)
        #expect(Agreement.confidence(in: two, among: [one, two, two, two]) == 0.8125)
        #expect(Agreement.confidence(in: nil, among: [one]) == 0.25)
        #expect(Agreement.confidence(in: one, among: []) == nil)
    }

    @Test func `a score without a worth ends nothing, so it is refused`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.sure)))
        #expect(throws: ExecutorError.needsCalibration) {
            try runner.submit(.asking(k: 16, .bestScore, escalation: Self.stages))
        }
    }

    @Test(
        arguments: [
            ([], 0.9), ([2, 8], 0.9), ([8, 2, 16], 0.9), ([2, 2, 16], 0.9), ([0, 16], 0.9), ([16], 0.5),
            ([16], 1), ([16], .nan), (Array(9...16), 0.9),
        ] as [([Int], Double)]
    )
    func `stages that could not work are refused`(stages: [Int], confidence: Double) throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.sure), calibration: Self.calibration))
        #expect(throws: ExecutorError.self) {
            try runner.submit(
                .asking(k: 16, .bestScore, escalation: Escalation(stages: stages, confidence: confidence))
            )
        }
    }

    @Test func `likelihood and first can't tell when it is enough`() throws {
        var runner = BatchRunner(try ScriptedTokenModel(.saying(Self.sure), calibration: Self.calibration))
        for selection in [Selection.likelihood, .first] {
            #expect(throws: ExecutorError.self) {
                try runner.submit(.asking(k: 16, selection, escalation: Self.stages))
            }
        }
    }

    @Test func `a budget ends it where it is spent`() throws {
        // Each candidate thinks three tokens: two stages of 2 and 8 reach 24, and nothing starts after.
        let result = try run(.asking(k: 16, .bestScore, escalation: Self.stages, budget: 24), Self.unsure)
        #expect(result.candidates.count == 8)
        #expect(result.stoppedBy == .budget)
        #expect(result.answer == "unsure")
        let roomy = try run(.asking(k: 16, .bestScore, escalation: Self.stages, budget: 27), Self.unsure)
        #expect(roomy.candidates.count == 9)
        let alike = try run(.asking(k: 16, .bestScore, budget: 26), Self.unsure)
        #expect(alike.candidates.count == 8, "without stages too, where all could start at once")
        #expect(alike.stoppedBy == .budget)
        let tiny = try run(.asking(k: 16, .bestScore, budget: 1), Self.unsure)
        #expect(tiny.candidates.count == 1, "one always runs")
        _ = try run(.asking(k: 2, .bestScore, budget: GenerationRequest.maximumTokens), Self.unsure)
        for absurd in [0, -1, GenerationRequest.maximumTokens + 1, .max] {
            #expect(throws: ExecutorError.self) {
                try run(.asking(k: 16, .bestScore, budget: absurd), Self.unsure)
            }
        }
    }
}
