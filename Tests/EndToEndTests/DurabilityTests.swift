import Foundation
import Subprocess
import Testing

@testable import CLI

/// What a client has seen is on disk, whatever happens to the process.
@Suite struct DurabilityTests {
    @Test func `an answer and its outcome survive kill -9`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Documents.evenSplit])
        defer { files.remove() }
        let requestID = try await served(files) { gateway in
            let client = try TestClient(gateway)
            let reply = try await client.ask(subject: "someone")
            let status = try await client.report(success: true, of: reply.requestID)
            #expect(status == 200)
            try gateway.send(.kill)
            try? await client.close()
            return reply.requestID
        }
        #expect(!requestID.isEmpty)
        let summary = try await BuiltProgram.run("summary", "--db", files.database, "--format", "json")
        let arms = try #require(try Reply(summary.output)["arms"] as? [[String: Any]], "\(summary.errors)")
        #expect(arms.compactMap { $0["requests"] as? Int }.reduce(0, +) == 1)
        #expect(arms.compactMap { $0["success_rate"] as? Double } == [1])
    }

    @Test func `SIGTERM ends the gateway with status zero`() async throws {
        try await BuiltProgram.serving { gateway in
            let client = try TestClient(gateway)
            _ = try await client.ask(subject: "someone")
            try await client.close()
        }
    }

    private func served<Result: Sendable>(
        _ files: ServedGateway.Files,
        during body: @Sendable (ServedGateway) async throws -> Result
    ) async throws -> Result {
        try await ServedGateway.serving(
            files,
            executable: BuiltProgram.path,
            arguments: ["--backend", "scripted", "--log-level", "critical"],
            during: body
        )
    }
}
