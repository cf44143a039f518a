import Foundation
import Policy
import Stats
import Testing

@testable import CLI

/// What `eval` makes of its measurements.
@Suite struct EvalTests {
    private func row(tokens: [Double]) -> Eval.Row {
        var moments = Moments()
        for value in tokens { moments.add(value) }
        return Eval.Row(mode: .low, right: 1, tokens: moments, seconds: 2)
    }

    @Test func `compute has a normal interval over problems`() throws {
        let row = row(tokens: [40, 52, 47, 61, 300, 44, 58])
        #expect(row.candidateTokens == 602)
        #expect(row.candidateTokensPerProblem == 86)
        // scipy 1.17.1: norm.interval(0.95, loc=mean(x), scale=sem(x)).
        #expect(abs(try #require(row.candidateTokensPerProblemLow) - 15.876_892_417) < 1e-8)
        #expect(abs(try #require(row.candidateTokensPerProblemHigh) - 156.123_107_583) < 1e-8)
    }

    @Test func `an interval of tokens ends at none`() {
        #expect(row(tokens: [1, 100]).candidateTokensPerProblemLow == 0)
    }

    @Test func `one problem has no interval`() throws {
        let row = row(tokens: [40])
        #expect(row.candidateTokensPerProblemLow == nil && row.candidateTokensPerProblemHigh == nil)
        let report = Eval.Report(problems: 1, modes: [row])
        #expect(report.table(Terminal(descriptor: -1)).split(separator: "\n").last?.contains("–  ") == true)
    }

    @Test func `the table shows the interval of accuracy and of tokens`() {
        let report = Eval.Report(problems: 4, modes: [row(tokens: [90, 95, 100, 105])])
        #expect(
            report.table(Terminal(descriptor: -1)) == """
                mode      k   right    95 % interval   tokens/problem     95 % interval   seconds
                low       2    25.0%   4.6% – 69.9%              97.5      91.2 – 103.8       2.0
                """
        )
    }

    @Test func `the JSON keeps its fields and has those of the interval`() async throws {
        let run = try await BuiltProgram.run("eval", "--count", "5", "--modes", "single,low", "--json")
        try #require(run.status == 0, "\(run.errors)")
        let reply = try Reply(run.output)
        #expect(reply["problems"] as? Int == 5)
        let modes = try #require(reply["modes"] as? [[String: Any]])
        #expect(modes.compactMap { $0["mode"] as? String } == ["single", "low"])
        for mode in modes {
            #expect(
                Set(mode.keys) == [
                    "mode", "k", "accuracy", "accuracy_low", "accuracy_high", "candidate_tokens", "seconds",
                    "candidate_tokens_per_problem", "candidate_tokens_per_problem_low",
                    "candidate_tokens_per_problem_high",
                ]
            )
            let tokens = try #require(mode["candidate_tokens"] as? Int)
            let mean = try #require(mode["candidate_tokens_per_problem"] as? Double)
            #expect(mean == Double(tokens) / 5)
            let low = try #require(mode["candidate_tokens_per_problem_low"] as? Double)
            let high = try #require(mode["candidate_tokens_per_problem_high"] as? Double)
            #expect(low < mean && mean < high, "\(low), \(mean), \(high)")
        }
    }
}
