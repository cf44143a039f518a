import Policy
import Stats
import Testing

@testable import Summary

@Suite struct VerdictTests {
    private let better = [ArmRecipe(arm: "low", successes: 700), ArmRecipe(arm: "medium", successes: 900)]

    private func guarded(_ guardrail: String) throws -> SplitPolicy {
        try .example(
            decide: "{primary: {metric: success}, planned_subjects: 2000, guardrails: [\(guardrail)]}"
        )
    }

    private func changed(_ recipes: [ArmRecipe], _ change: (inout ArmRecipe) -> Void) -> [ArmRecipe] {
        var recipes = recipes
        change(&recipes[1])
        return recipes
    }

    @Test func `a clearly better arm within its limits is a go`() throws {
        let report = try report(guarded("{metric: latency_p95, at_most_ratio: 1.5}"), better)
        #expect(report.verdict.decision == .go)
        #expect(report.verdict.arm == "medium")
        #expect(report.exitStatus == 0)
        #expect(report.guardrails.map(\.state) == [.inside])
        #expect(
            report.verdict.reasons.first?.hasPrefix("medium: success beats low's: +20.0 points [") == true
        )
    }

    @Test func `a clearly worse arm is a no-go`() throws {
        let report = try report(
            .example(),
            [ArmRecipe(arm: "low", successes: 900), ArmRecipe(arm: "medium", successes: 700)]
        )
        #expect(report.verdict.decision == .noGo)
        #expect(report.verdict.byArm.map(\.rule) == [.primaryOutside])
        #expect(report.exitStatus == 20)
    }

    @Test func `equal arms wait and say how much is missing`() throws {
        let report = try report(
            .example(),
            [ArmRecipe(arm: "low", successes: 800), ArmRecipe(arm: "medium", successes: 810)]
        )
        #expect(report.verdict.decision == .wait)
        #expect(report.exitStatus == 10)
        let reason = try #require(report.verdict.reasons.first)
        #expect(reason.hasPrefix("medium: success does not yet beat low's: +1.0 points ["), "\(reason)")
        #expect(reason.contains("at today's traffic"), "\(reason)")
    }

    @Test func `a broken split blocks a go`() throws {
        let skewed = changed(better) {
            $0.subjects = 750
            $0.successes = 675
        }
        let report = try report(.example(), skewed)
        #expect(report.checks.first?.state == .unsound)
        #expect(report.verdict.decision == .wait)
        #expect(report.verdict.byArm.map(\.rule) == [.unsoundData])
        #expect(
            report.verdict.reasons == [
                "the data are unsound: subjects do not arrive in the configured shares: "
                    + "low 1,000 (expected 875), medium 750 (expected 875)"
            ]
        )
    }

    @Test func `a broken guardrail is a no-go even when the data are unsound`() throws {
        let skewed = changed(better) {
            $0.subjects = 750
            $0.successes = 675
            $0.latency = 2_000
        }
        let report = try report(guarded("{metric: latency_p95, at_most_ratio: 1.5}"), skewed)
        #expect(report.verdict.decision == .noGo)
        #expect(report.verdict.byArm.map(\.rule) == [.guardrailBroken])
    }

    @Test func `outcomes missing differently block a go`() throws {
        let report = try report(.example(), changed(better) { $0.silent = 100 })
        #expect(report.verdict.decision == .wait)
        #expect(report.verdict.byArm.map(\.rule) == [.unsoundData])
        let silent = try #require(report.checks.first { $0.check == "missing_outcomes" })
        #expect(silent.detail.contains("10.0% of medium's subjects and 0.0% of low's"))
    }

    @Test func `failed requests count as endless in a latency limit`() throws {
        let failing = changed(better) { $0.failing = 300 }
        let report = try report(guarded("{metric: latency_p95, at_most_ratio: 1.5}"), failing)
        let guardrail = try #require(report.guardrails.first)
        #expect(guardrail.treatment == .infinity)
        #expect(guardrail.state != .inside)
        #expect(try report.json().contains("\"treatment\" : null"))
    }

    @Test func `a service that never fails passes its failure limit`() throws {
        let large = better.map { recipe in
            var recipe = recipe
            recipe.subjects = 5_000
            recipe.successes *= 5
            return recipe
        }
        let limit = "{metric: failure_rate, at_most_increase: 0.5%}"
        #expect(try report(guarded(limit), large).guardrails.map(\.state) == [.inside])
        #expect(try report(guarded(limit), better).guardrails.map(\.state) == [.undecided])
    }

    @Test func `failures of the treatment alone break the failure limit at once`() throws {
        let failing = [
            ArmRecipe(arm: "low", subjects: 60, successes: 40),
            ArmRecipe(arm: "medium", subjects: 60, successes: 40, failing: 30),
        ]
        let report = try report(guarded("{metric: failure_rate, at_most_increase: 1%}"), failing)
        #expect(report.verdict.decision == .noGo)
        #expect(
            report.verdict.reasons == [
                "medium: failure_rate is provably above low's plus 1%: 50.00% against 0.00%"
            ]
        )
    }

    @Test(arguments: [(3.0, GuardrailSummary.State.broken), (4.5, .inside)])
    func `compute is held to a multiple of control's tokens`(limit: Double, state: GuardrailSummary.State)
        throws
    {
        let costly = changed(better) { $0.tokensPerRequest = 400 }
        let report = try report(guarded("{metric: compute_tokens, at_most_ratio: \(limit)}"), costly)
        #expect(report.guardrails.map(\.state) == [state])
        #expect(report.arms.map(\.computeRatio) == [1, 4])
    }

    @Test func `a quantile without an upper bound waits instead of passing`() throws {
        let report = try report(
            guarded("{metric: latency_p99, at_most_ratio: 3}"),
            better.map { recipe in
                var recipe = recipe
                recipe.subjects = 200
                recipe.successes /= 5
                return recipe
            }
        )
        let guardrail = try #require(report.guardrails.first)
        #expect(guardrail.state == .undecided)
        #expect(guardrail.missing.contains("medium: too few requests to bound this quantile from above"))
    }

    @Test func `among several arms the best that passes is named`() throws {
        let report = try report(
            .example(shares: ["low": "34%", "medium": "33%", "high": "33%"]),
            [
                ArmRecipe(arm: "low", basisPoints: 3_400, subjects: 1_020, successes: 612),
                ArmRecipe(arm: "medium", basisPoints: 3_300, subjects: 990, successes: 792),
                ArmRecipe(arm: "high", basisPoints: 3_300, subjects: 990, successes: 891),
            ]
        )
        #expect(report.verdict.decision == .go)
        #expect(report.verdict.arm == "high")
        #expect(report.verdict.reasons.last == "medium: go")
    }

    @Test func `a policy that fixed no rule waits with its figures`() throws {
        let report = try report(.example(decide: nil), better)
        #expect(report.verdict.decision == .wait)
        #expect(report.verdict.reasons.first?.contains("no decide section") == true)
        #expect(report.effects.first?.difference != nil)
    }

    @Test func `one arm leaves nothing to decide`() throws {
        let report = try report(
            .example(shares: ["low": "100%"], decide: nil),
            [ArmRecipe(arm: "low", basisPoints: 10_000)]
        )
        #expect(report.verdict.decision == .wait)
        #expect(report.verdict.reasons.first?.contains("one arm") == true)
        #expect(report.effects.isEmpty)
    }

    @Test func `no request at all is a reason to wait`() throws {
        let report = try report(guarded("{metric: latency_p95, at_most_ratio: 1.5}"), [])
        #expect(report.verdict.decision == .wait)
        #expect(report.verdict.reasons.contains("medium: 0 of 100 subjects with an outcome"))
        #expect(report.arms.map(\.successRate) == [nil, nil])
    }

    @Test func `the head's own score is refused as the metric that decides`() throws {
        let policy = try SplitPolicy.example(
            decide: "{primary: {metric: score}}",
            metrics: "{score: {kind: binary}}"
        )
        #expect(throws: SummaryError.selfScored("score")) { try JudgedPolicy(policy) }
    }
}
