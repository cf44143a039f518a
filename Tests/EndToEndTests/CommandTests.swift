import Foundation
import Testing

@testable import CLI

/// The commands that need no model.
@Suite struct CommandTests {
    @Test func `validate accepts the shipped policies`() async throws {
        let run = try await BuiltProgram.run("validate", shippedPolicies)
        #expect(run.status == 0, "\(run.output)\(run.errors)")
    }

    @Test func `validate names every problem with its place and what to do`() async throws {
        let broken =
            Documents.evenSplit.replacing("low: {share: 50%", with: "low: {share: 40%") + "\nspeling: 1\n"
        let files = try ServedGateway.Files.make(policies: ["broken.yaml": broken])
        defer { files.remove() }
        let run = try await BuiltProgram.run("validate", files.policies)
        #expect(run.status == ExitStatus.refused)
        #expect(run.errors.contains("speling") && run.errors.contains("broken.yaml:"), "\(run.errors)")
        #expect(run.errors.contains("arms"), "\(run.errors)")
    }

    @Test(arguments: [
        ["ask"], ["ask", "x", "--mode", "huge"], ["summary", "--db", "/nowhere/at/all.db"], ["frobnicate"],
        ["traffic", "--url", "http://127.0.0.1:1"], ["eval", "--problems", "/nowhere.jsonl"],
        ["serve", "--listen", "nonsense"], ["serve", "--admin", "nonsense"], ["traffic", "--requests", "0"],
        ["rollout", "status", "--admin", "http://127.0.0.1:1"], ["keys", "add", "ann"],
        ["keys", "add", "ann", "--role", "admin"], ["rollout", "start"],
        ["ask", "x", "--threads", "0"], ["ask", "x", "--threads", "513"],
        ["bench", "executor", "--threads", "513"],
    ])
    func `a mistake gets a message on standard error and a failing status`(arguments: [String]) async throws {
        let run = try await BuiltProgram.run(arguments)
        #expect(run.status == ExitStatus.usage || run.status == ExitStatus.failure, "status \(run.status)")
        #expect(run.output.isEmpty && !run.errors.isEmpty, "\(run.output)|\(run.errors)")
    }

    @Test(arguments: [
        ["ask", "x", "--mode", "huge"], ["ask", "x", "--mode", "majority@0"], ["eval", "--modes", ","],
        ["eval", "--modes", "low,huge"], ["ask", "x", "--max-tokens", "9223372036854775807"],
        ["ask", "x", "--max-tokens", "1073741825"], ["eval", "--count", "1", "--max-tokens", "0"],
    ])
    func `a wrong option is a usage error in plain words`(arguments: [String]) async throws {
        let run = try await BuiltProgram.run(arguments)
        #expect(run.status == ExitStatus.usage, "status \(run.status)")
        #expect(run.errors.hasPrefix("Error: ") && !run.errors.contains("ParserError"), "\(run.errors)")
    }

    @Test func `problems may end their lines as Windows does`() throws {
        let path = NSTemporaryDirectory() + "problems-\(UUID().uuidString).jsonl"
        try Data("{\"prompt\":\"a\",\"answer\":\"b\"}\r\n{\"prompt\":\"c\",\"answer\":\"d\"}\r\n".utf8)
            .write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try ProblemFile.read(path).count == 2)
    }

    @Test func `serving off loopback without a certificate is refused`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Documents.evenSplit])
        defer { files.remove() }
        let run = try await BuiltProgram.run([
            "serve", "--policies", files.policies, "--db", files.database, "--state", files.folder,
            "--listen", "0.0.0.0:0", "--backend", "scripted",
        ])
        #expect(run.status != 0)
        #expect(run.errors.contains("--cert"), "\(run.errors)")
    }

    @Test func `an admin plane off loopback without a certificate is refused`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Documents.evenSplit])
        defer { files.remove() }
        let run = try await BuiltProgram.run([
            "serve", "--policies", files.policies, "--db", files.database, "--state", files.folder,
            "--listen", "127.0.0.1:0", "--admin", "0.0.0.0:0", "--backend", "scripted",
        ])
        #expect(run.status == ExitStatus.failure)
        #expect(run.errors.contains("--cert") && run.output.isEmpty, "\(run.errors)")
    }

    private var shippedPolicies: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "policies").path(percentEncoded: false)
    }
}
