import Foundation
import Testing

@testable import CLI

/// Shadows from the policy to the summary, by the built program.
@Suite struct ShadowTests {
    private static let policy = Documents.everything("low") + "\nshadow: {mode: high, share: 100%}\n"

    private func serving(
        _ files: ServedGateway.Files,
        backend: String = "scripted",
        during body: @Sendable (TestClient) async throws -> Void
    ) async throws {
        try await ServedGateway.serving(
            files,
            executable: BuiltProgram.path,
            arguments: ["--backend", backend, "--log-level", "critical"]
        ) { gateway in
            let client = try TestClient(gateway)
            try await body(client)
            try await client.close()
        }
    }

    private func summary(_ files: ServedGateway.Files) async throws -> (
        arm: [String: Any], shadow: [String: Any]
    ) {
        let run = try await BuiltProgram.run("summary", "--db", files.database, "--format", "json")
        let report = try Reply(run.output)
        let arms = try #require(report["arms"] as? [[String: Any]], "\(run.errors)")
        let shadows = try #require(report["shadows"] as? [[String: Any]])
        return (try #require(arms.first), try #require(shadows.first))
    }

    @Test(arguments: ["scripted", "embedded"])
    func `what users did not see is in a section of its own and nowhere else`(backend: String) async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Self.policy])
        defer { files.remove() }
        try await serving(files, backend: backend) { client in
            for number in 0..<5 { _ = try await client.ask(subject: "subject \(number)") }
            try await client.waitForMetric("headgate_shadow_requests_total", ["state": "completed"], toBe: 5)
            try await client.waitForMetric("headgate_requests_total", ["state": "completed"], toBe: 5)
        }
        let (arm, shadow) = try await summary(files)
        #expect(arm["requests"] as? Int == 5 && arm["arm"] as? String == "low")
        #expect(shadow["arm"] as? String == "low" && shadow["mode"] as? String == "low")
        #expect(shadow["shadow_mode"] as? String == "high" && shadow["pairs"] as? Int == 5)
        let tokens = ["live", "shadow"].map {
            (shadow[$0] as? [String: Any])?["candidate_tokens"] as? Double ?? 0
        }
        #expect(tokens[0] > 0 && tokens[1] > 4 * tokens[0], "32 candidates against 2: \(tokens)")
        #expect(arm["candidate_tokens"] as? Double == tokens[0], "the arm is charged with its own alone")
        let table = try await BuiltProgram.run("summary", "--db", files.database)
        #expect(
            table.output.contains("\nShadow\n") && table.output.contains("low, low against high: same answer")
        )
    }

    @Test func `a gateway that is told to stop does not wait for a shadow`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Self.policy])
        defer { files.remove() }
        try await serving(files) { client in
            for _ in 0..<3 { _ = try await client.ask("#from=32 #delay=3600000", subject: "someone") }
            // Two have begun once only one of the three waits.
            try await client.waitForMetric("headgate_shadow_queue_requests", [:], toBe: 1)
        }
        let (arm, shadow) = try await summary(files)
        #expect((arm["states"] as? [String: Int])?["completed"] == 3)
        let states = try #require(shadow["states"] as? [String: Int])
        #expect(states["failed"] == 2 && states["open"] == 0, "\(states)")
    }

    @Test func `a shadow that can't be is refused with its line and what to do`() async throws {
        let files = try ServedGateway.Files.make(policies: [
            "split.yaml": Documents.everything("low") + "\nshadow: {mode: low, share: 5%}\n"
        ])
        defer { files.remove() }
        let run = try await BuiltProgram.run("validate", files.policies)
        #expect(run.status == ExitStatus.refused)
        let said = run.output + run.errors
        #expect(
            said.contains("split.yaml:11: shadow.mode: every arm is served in mode low already"),
            "\(said)"
        )
    }
}
