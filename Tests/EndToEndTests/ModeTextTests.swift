import Policy
import Testing

@testable import CLI

@Suite struct ModeTextTests {
    private static let auto = AdaptiveRule(stages: [2, 8, 32], confidence: 0.8)

    @Test(arguments: [
        ("majority@8", Mode(name: "majority@8", k: 8, select: .majority)),
        ("first@1", Mode(name: "first@1", k: 1, select: .first)),
        (
            "best_score@32+prune=0.5/2",
            Mode(
                name: "best_score@32+prune=0.5/2",
                k: 32,
                select: .bestScore,
                prune: PruneRule(keep: 0.5, afterSteps: 2, audit: Share(basisPoints: 0))
            )
        ),
        (
            "best_score@32+stages=2/8/32@0.8+budget=900",
            Mode(
                name: "best_score@32+stages=2/8/32@0.8+budget=900",
                k: 32,
                select: .bestScore,
                adaptive: auto,
                tokenBudget: 900
            )
        ),
        (
            "majority@4+stages=2/4",
            Mode(
                name: "majority@4+stages=2/4",
                k: 4,
                select: .majority,
                adaptive: AdaptiveRule(stages: [2, 4], confidence: 0.9)
            )
        ),
        (
            "best_score@8+beam=2/3",
            Mode(
                name: "best_score@8+beam=2/3",
                k: 8,
                select: .bestScore,
                search: .beam(width: 2, everySteps: 3)
            )
        ),
        (
            "best_score@8+mcts=0.5/4",
            Mode(
                name: "best_score@8+mcts=0.5/4",
                k: 8,
                select: .bestScore,
                search: .mcts(exploration: 0.5, parallel: 4)
            )
        ),
        ("auto", Mode.auto),
    ])
    func `a mode in one word is the mode that a policy would define`(text: String, mode: Mode) throws {
        #expect(try NamedMode.named(text) == mode)
    }

    @Test(arguments: [
        ("best_score@65", "k: "), ("best_score@0", "k: "), ("majority@1", "select: "),
        ("first@2", "select: "),
        ("best_score@8+prune=1/2", "prune.keep: "), ("best_score@8+prune=0.5/0", "prune.after_steps: "),
        ("best_score@2+prune=0.5/2", "prune: "), ("best_score@8+stages=2/16", "adaptive.stages: "),
        ("best_score@8+stages=8@0.5", "adaptive.confidence: "), ("best_score@8+beam=8/1", "search.beam: "),
        ("best_score@8+mcts=101/1", "search.mcts.exploration: "), ("best_score@8+budget=0", "token_budget: "),
        ("best_score@8+budget=1+budget=2", "token_budget"),
        ("best_score@8+mcts=1/1+prune=0.5/2", "search.mcts: "),
        ("best_score@8+prune=0.5", "'prune=0.5'"), ("best_score@8+prune=0.5/2/3", "'prune=0.5/2/3'"),
        ("best_score@8+prune=0.5/2@1", "'prune=0.5/2@1'"), ("best_score@8+stages=2//8", "'stages=2//8'"),
        ("best_score@8+stages=", "'stages='"), ("best_score@8+budget=1}, x: {k: 2", "'budget=1}, x: {k: 2'"),
        ("best_score@8+magic=1", "'magic=1'"), ("best_score@8+", "''"), ("best_score@8+=1", "'=1'"),
        ("worst_score@8", "there is no mode"), ("best_score", "there is no mode"), ("", "there is no mode"),
    ])
    func `what is wrong with a mode is named`(text: String, part: String) {
        let error = #expect(throws: UsageError.self, "\(text)") { try NamedMode.named(text) }
        #expect(error.map { "\($0)".contains(part) } == true, "\(text): \(String(describing: error))")
    }
}
