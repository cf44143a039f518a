import Policy
import Stats
import Testing

@testable import Summary

@Suite struct EffectTests {
    private func primary(_ report: SummaryReport, _ arm: String = "medium") throws -> EffectSummary {
        try #require(report.effects.first { $0.arm == arm && $0.primary })
    }

    @Test func `the effect is the reference vector's when each subject has one request`() throws {
        let report = try report(
            .example(),
            [ArmRecipe(arm: "low", successes: 850), ArmRecipe(arm: "medium", successes: 880)]
        )
        let effect = try primary(report)
        #expect(abs(try #require(effect.difference) - 0.03) < 1e-12)
        #expect(abs(try #require(effect.lower) - -0.016340395571437426) < 1e-9)
        #expect(abs(try #require(effect.upper) - 0.07634039557143749) < 1e-9)
        #expect(abs(try #require(effect.pValue) - 0.5382584128228121) < 1e-9)
        #expect(effect.subjects == 2_000)
        #expect(report.verdict.decision == .wait)
    }

    @Test func `the difference is treatment minus control, whatever the arms are called`() throws {
        let policy = try SplitPolicy(
            yaml: """
                policy: reversed
                priority: 1
                salt: s
                arms:
                  a: {share: 50%, mode: medium}
                  z: {share: 50%, mode: low, control: true}
                metrics: {success: {kind: binary}}
                decide: {primary: {metric: success}, planned_subjects: 2000}

                """,
            file: "reversed.yaml"
        )
        let report = try report(
            policy,
            [ArmRecipe(arm: "a", successes: 700), ArmRecipe(arm: "z", successes: 900)]
        )
        let effect = try primary(report, "a")
        #expect(abs(try #require(effect.difference) - -0.2) < 1e-12)
        #expect(effect.controlRate == 0.9)
        #expect(report.arms.map(\.arm) == ["z", "a"])
        #expect(report.verdict.decision == .noGo)
    }

    @Test func `many requests of one subject count as one subject`() throws {
        let few = [
            ArmRecipe(arm: "low", subjects: 150, successes: 90),
            ArmRecipe(arm: "medium", subjects: 150, successes: 110),
        ]
        let many = few.map { recipe in
            var recipe = recipe
            recipe.requests = 40
            return recipe
        }
        let once = try primary(try report(.example(), few))
        let often = try primary(try report(.example(), many))
        #expect(often.subjects == 300)
        #expect(try #require(often.difference) == #require(once.difference))
        // K/(K−1) on the variance is all that differs.
        #expect(abs(try #require(often.lower) - #require(once.lower)) < 0.002)
        #expect(try #require(often.lower) < 0)
    }

    @Test func `an arm below the minimum has no interval and says how much it has`() throws {
        let report = try report(
            .example(),
            [ArmRecipe(arm: "low"), ArmRecipe(arm: "medium", basisPoints: 200, subjects: 34, successes: 34)]
        )
        let effect = try primary(report)
        let lower = effect.lower ?? -.infinity
        #expect(lower == -.infinity)
        #expect(effect.pValue == nil)
        #expect(
            effect.missing == [
                "medium: 34 of 100 subjects with an outcome", "medium: 0 of 10 subjects with a failure",
            ]
        )
        #expect(report.verdict.reasons.contains("medium: 34 of 100 subjects with an outcome"))
    }

    @Test func `two treatments share the level`() throws {
        let recipes = [
            ArmRecipe(arm: "low", basisPoints: 3_400, successes: 850),
            ArmRecipe(arm: "medium", basisPoints: 3_300, successes: 880),
            ArmRecipe(arm: "high", basisPoints: 3_300, successes: 900),
        ]
        let three = try report(
            .example(shares: ["low": "34%", "medium": "33%", "high": "33%"]),
            recipes
        )
        let effect = try primary(three)
        let half = (try #require(effect.upper) - #require(effect.lower)) / 2
        // The reference half-width at alpha = 0.05 is 0.0463.
        #expect(half > 0.049 && half < 0.052, "half-width \(half)")
        #expect(three.effects.map(\.arm) == ["medium", "high"])
    }

    @Test func `of a metric that should be low, less is better`() throws {
        let policy = try SplitPolicy.example(
            decide: "{primary: {metric: complaint}, planned_subjects: 2000}",
            metrics: "{complaint: {kind: binary, better: lower}}"
        )
        let better = try report(
            policy,
            [ArmRecipe(arm: "low", successes: 300), ArmRecipe(arm: "medium", successes: 100)]
        )
        #expect(better.verdict.decision == .go)
        #expect(abs(try #require(try primary(better).difference) - -0.2) < 1e-12)
        let worse = try report(
            policy,
            [ArmRecipe(arm: "low", successes: 100), ArmRecipe(arm: "medium", successes: 300)]
        )
        #expect(worse.verdict.decision == .noGo)
    }

    @Test func `outcomes that are not due yet are shown and not decided on`() throws {
        let recipes = [
            ArmRecipe(arm: "low", successes: 500, silent: 300),
            ArmRecipe(arm: "medium", successes: 900, silent: 300),
        ]
        let early = try report(.example(), recipes, asOf: start.after(3_600))
        let effect = try primary(early)
        #expect(effect.lower ?? 0 > 0)
        #expect(effect.decidedOn.population == .closedWindows)
        #expect(effect.decidedOn.subjects == 0)
        #expect(early.verdict.decision == .wait)
        let late = try report(.example(), recipes)
        #expect(late.verdict.decision == .go)
    }

    @Test func `everyone counts at once when every request has its outcome`() throws {
        let recipes = [ArmRecipe(arm: "low", successes: 500), ArmRecipe(arm: "medium", successes: 900)]
        let early = try report(.example(), recipes, asOf: start.after(3_600))
        #expect(try primary(early).decidedOn.population == .everyone)
        #expect(early.verdict.decision == .go)
    }
}
