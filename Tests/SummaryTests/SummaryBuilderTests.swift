import Policy
import Store
import Stats
import Testing

@testable import Summary

@Suite struct SummaryBuilderTests {
    private static let rule = """
        {primary: {metric: success}, planned_subjects: 8, minimum: {subjects: 4, successes: 1, failures: 1}}
        """

    private func policy(low: String = "50%", medium: String = "50%") throws -> SplitPolicy {
        try .example(shares: ["low": low, "medium": medium], decide: Self.rule)
    }

    /// Four subjects per arm; low has 5 requests with 3 successes, medium 5 with 4.
    private func worked(_ policy: SplitPolicy, in traffic: RecordedTraffic) async throws {
        let requests: [(ArmID, SubjectID, Bool, Int, Int)] = [
            ("low", "a", true, 100, 10), ("medium", "e", true, 300, 40), ("low", "a", true, 110, 20),
            ("medium", "f", true, 310, 40), ("low", "b", false, 120, 30), ("medium", "f", false, 320, 60),
            ("low", "c", true, 130, 10), ("medium", "g", true, 330, 50), ("low", "d", false, 140, 30),
            ("medium", "h", true, 340, 60),
        ]
        for (arm, subject, success, latency, tokens) in requests {
            try await traffic.request(
                policy,
                arm,
                subject,
                success: success,
                latency: .milliseconds(latency),
                tokens: tokens
            )
        }
    }

    @Test func `the summary of a small record is what a hand calculation gives`() async throws {
        let traffic = try RecordedTraffic()
        let policy = try policy()
        try await traffic.remember([policy])
        try await worked(policy, in: traffic)
        let report = try traffic.summary().report(asOf: start.after(60))
        let low = try #require(report.arms.first)
        let medium = try #require(report.arms.last)
        #expect(low.arm == "low" && low.control && medium.arm == "medium")
        #expect([low.subjects, low.requests, medium.subjects, medium.requests] == [4, 5, 4, 5])
        #expect([low.successRate, medium.successRate] == [0.6, 0.8])
        #expect([low.latencyP50Ms, low.latencyP95Ms, medium.latencyP50Ms] == [120, 140, 320])
        #expect([low.firstTokenP50Ms, medium.firstTokenP50Ms] == [30, 80])
        #expect([low.candidateTokens, medium.candidateTokens] == [20, 50])
        #expect([low.computeRatio, medium.computeRatio] == [1, 2.5])
        #expect(abs(try #require(low.cpuSeconds) - 0.05) < 1e-9)
        #expect(low.states["completed"] == 5)

        // Control: residuals s − 0.6r are 0.8, −0.6, 0.4, −0.6; their squares sum to 1.52; 4/3 · 1.52/25.
        // Treatment: s − 0.8r are 0.2, −0.6, 0.2, 0.2; 0.48; 4/3 · 0.48/25. se² = 0.32/3, m(8) = 3.0352090.
        let effect = try #require(report.effects.first)
        #expect(abs(try #require(effect.difference) - 0.2) < 1e-12)
        let half = 3.035_208_990_376_253 * (0.32 / 3).squareRoot()
        #expect(abs(try #require(effect.lower) - (0.2 - half)) < 1e-9)
        #expect(abs(try #require(effect.upper) - (0.2 + half)) < 1e-9)
        #expect(effect.subjects == 8)
        #expect(report.verdict.decision == .wait)
    }

    @Test func `versions with different shares are listed and never pooled`() async throws {
        let traffic = try RecordedTraffic()
        let first = try policy(low: "90%", medium: "10%")
        let second = try policy()
        try await traffic.remember([first])
        for index in 0..<9 {
            try await traffic.request(first, "low", SubjectID(rawValue: "old-\(index)"), success: false)
        }
        try await traffic.request(first, "medium", "old-medium", success: true)
        try await traffic.remember([second])
        try await worked(second, in: traffic)
        let report = try traffic.summary().report(asOf: start.after(60))
        #expect(report.version == second.version.rawValue)
        #expect(report.arms.map(\.requests) == [5, 5])
        #expect(report.arms.first?.successRate == 0.6)
        #expect(report.versions.map(\.requests) == [10, 10])
        #expect(report.versions.map(\.shown) == [false, true])
        let older = try traffic.summary().report(version: first.version, asOf: start.after(60))
        #expect(older.arms.map(\.requests) == [9, 1])
        #expect(older.arms.first?.successRate == 0)
    }

    @Test func `excluded requests are counted apart and open ones are seen`() async throws {
        let traffic = try RecordedTraffic()
        let policy = try policy()
        try await traffic.remember([policy])
        try await worked(policy, in: traffic)
        try await traffic.request(policy, "medium", "staff", success: false, excluded: .override)
        try await traffic.request(policy, "low", "a", state: nil)
        try await traffic.request(policy, "low", "b", state: .failed)
        let report = try traffic.summary().report(asOf: start.after(60))
        let low = try #require(report.arms.first)
        let medium = try #require(report.arms.last)
        #expect(medium.excluded == 1)
        #expect(medium.requests == 5 && medium.successRate == 0.8)
        #expect(low.requests == 7)
        #expect(low.states["open"] == 1 && low.states["failed"] == 1 && low.states["completed"] == 5)
    }

    @Test func `the policy with the latest traffic is shown and others are named`() async throws {
        let traffic = try RecordedTraffic()
        let policy = try policy()
        let other = try SplitPolicy(
            yaml: "policy: other\npriority: 2\nsalt: o\narms: {low: {share: 100%, mode: low}}\n",
            file: "other.yaml"
        )
        try await traffic.remember([policy, other])
        try await traffic.request(other, "low", "someone")
        try await worked(policy, in: traffic)
        let report = try traffic.summary().report(asOf: start.after(60))
        #expect(report.policy == "example")
        #expect(report.notes == ["other policies with traffic: other"])
        #expect(try traffic.summary().report(of: "other", asOf: start.after(60)).policy == "other")
    }

    @Test func `an unknown policy or version is refused with the known ones`() async throws {
        let traffic = try RecordedTraffic()
        #expect(throws: SummaryError.emptyRecord) { try traffic.summary().report(asOf: start) }
        let policy = try policy()
        try await traffic.remember([policy])
        #expect(throws: SummaryError.unknownPolicy("nope", known: ["example"])) {
            try traffic.summary().report(of: "nope", asOf: start)
        }
        #expect(throws: SummaryError.unknownVersion("beef", of: "example", known: [policy.version])) {
            try traffic.summary().report(version: "beef", asOf: start)
        }
    }

    @Test func `a policy without traffic has a summary that waits`() async throws {
        let traffic = try RecordedTraffic()
        let policy = try policy()
        try await traffic.remember([policy])
        let report = try traffic.summary().report(asOf: start)
        #expect(report.verdict.decision == .wait)
        #expect(report.notes == ["version \(policy.version) has had no request yet"])
        #expect(report.arms.map(\.requests) == [0, 0])
    }
}
