import Foundation
import Policy
import Store
import Testing

@testable import Summary

@Suite struct RenderingTests {
    /// Three arms with every section filled: guardrails in all states, a warning, two versions, a note.
    private func full() throws -> SummaryReport {
        let policy = try SplitPolicy.example(
            shares: ["low": "80%", "medium": "10%", "high": "10%"],
            decide: """
                {primary: {metric: success}, planned_subjects: 2000, guardrails: [
                  {metric: latency_p95, at_most_ratio: 4}, {metric: failure_rate, at_most_increase: 0.5%},
                  {metric: compute_tokens, at_most_ratio: 6}]}
                """
        )
        var effort = ArmEffort()
        effort.withCandidates = 510
        effort.candidates = 14_000
        effort.pruned = 7_100
        effort.audited = 26
        effort.winnerCut = 1
        effort.stopped = [.confidence: 40, .deadline: 3]
        effort.promptTokens = 20_400
        effort.cachedTokens = 6_120
        for (size, score, same) in [(2, 15.6, 8.0), (8, 19.2, 17.5)] {
            var sums = NestedSums()
            (sums.requests, sums.expectedScore, sums.pickScore, sums.sameAnswer) = (26, score, 20.8, same)
            effort.nested[size] = sums
        }
        var report = try report(
            policy,
            [
                ArmRecipe(
                    arm: "low",
                    basisPoints: 8_000,
                    subjects: 4_000,
                    successes: 2_400,
                    failing: 12,
                    tokensPerRequest: 212.4
                ),
                ArmRecipe(
                    arm: "medium",
                    basisPoints: 1_000,
                    subjects: 500,
                    successes: 390,
                    requests: 2,
                    tokensPerRequest: 850,
                    latency: 420
                ),
                ArmRecipe(
                    arm: "high",
                    basisPoints: 1_000,
                    subjects: 510,
                    successes: 450,
                    tokensPerRequest: 3_400,
                    latency: 1_500,
                    effort: effort
                ),
            ],
            shadows: [.example(arm: "low", pairs: 400), .example(arm: "medium", pairs: 40)],
            notes: ["other policies with traffic: everything-low"]
        )
        report.versions = [
            VersionSummary(
                version: "0123456789ab",
                shown: false,
                subjects: 40,
                requests: 52,
                shares: ["low": 0.9, "medium": 0.1],
                firstAssigned: "2026-11-01T08:00:00Z",
                lastAssigned: "2026-11-01T09:30:00Z"
            ),
            VersionSummary(
                version: report.version,
                shown: true,
                subjects: 5_010,
                requests: 5_510,
                shares: ["low": 0.8, "medium": 0.1, "high": 0.1],
                firstAssigned: "2026-11-02T12:00:00Z",
                lastAssigned: "2026-11-02T13:23:10Z"
            ),
        ]
        return report
    }

    /// The stored text of that name; with HEADGATE_WRITE_GOLDEN set, `text` is stored first.
    private func golden(_ name: String, of text: String) throws -> String {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        if ProcessInfo.processInfo.environment["HEADGATE_WRITE_GOLDEN"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        return try String(contentsOf: file, encoding: .utf8)
    }

    @Test func `the table reads as the golden file does`() throws {
        let table = try full().table()
        #expect(table == (try golden("summary.txt", of: table)), "\(table)")
    }

    @Test func `the JSON is the golden file's`() throws {
        // The last digits of a logarithm differ between machines.
        let json =
            try full().json().replacing(/-?[0-9]+\.[0-9]{8,}(e-?[0-9]+)?/) { match in
                String(format: "%.8g", Double(match.output.0) ?? .nan)
            } + "\n"
        #expect(json == (try golden("summary.json", of: json)), "\(json)")
    }

    @Test func `arms that did nothing but sample have no section on effort`() throws {
        let plain = ArmRecipe(arm: "low")
        var degraded = plain
        degraded.arm = "medium"
        #expect(!(try report(.example(), [plain, degraded]).table().contains("\nEffort\n")))
        degraded.effort.stopped = [.budget: 1]
        let table = try report(.example(), [plain, degraded]).table()
        let section = try #require(table.split(separator: "\nEffort\n").last?.split(separator: "\n\n").first)
        #expect(section.contains("  medium ") && !section.contains("  low "), "\(section)")
    }

    @Test func `no line of the table is wider than a terminal of 100 columns`() throws {
        for line in try full().table().split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
    }

    @Test func `colour changes nothing but colour`() throws {
        let report = try full()
        let coloured = report.table(colour: true)
        #expect(coloured.contains("\u{1B}[1;31mVerdict: no-go (high)\u{1B}[0m"))
        #expect(coloured.replacing(/\u{1B}\[[0-9;]*m/, with: "") == report.table())
    }

    @Test func `what is not known is an explicit null`() throws {
        let json = try report(.example(), []).json()
        for key in [
            "success_rate", "latency_p50_ms", "compute_ratio", "difference", "lower", "p_value", "arm",
        ] {
            #expect(json.contains("\"\(key)\" : null"), "\(key) is missing or invented")
        }
        #expect(!json.contains("inf") && !json.contains("nan"))
    }
}
