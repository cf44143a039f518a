import ArgumentParser
import Foundation
import LlamaBackend
import Testing

@testable import CLI

/// What the benchmarks accept and how they read the other side.
@Suite struct BenchTests {
    @Test(arguments: [
        (["executor", "--k", "0"], "--k holds 0"),
        (["executor", "--k", "1,,2"], "The value '1,,2' is invalid"),
        (["executor", "--k", "64", "--concurrency", "8"], "512 sequences"),
        (["executor", "--tokens", "3"], "--tokens is 3; choose 4 to 4096"),
        (["executor", "--threads", "1,513"], "--threads holds 513; choose 1 to 512"),
        (["executor", "--kv-type", "f16,q8_0", "--flash-attention", "off"], "needs flash attention"),
        (["executor", "--head", "h.gguf"], "--head belongs to a --model"),
        (["server", "--puzzles", "0"], "--puzzles is 0; choose 1 to 10000"),
        (["server", "--modes", "best"], "there is no mode 'best'"),
        (["two-pass", "--k", "65"], "--k holds 65"),
        (["two-pass", "--model", "m.gguf"], "--model needs its --head"),
        (["two-pass", "--max-tokens", "0"], "--max-tokens is 0"),
        (["load", "--concurrency", "257"], "--concurrency is 257; choose 1 to 256"),
        (["load", "--concurrency", "8", "--requests", "7"], "--requests is 7; choose --concurrency, 8"),
        (["load", "--concurrency", "2", "--requests", "8"], "fewer than the 4 modes"),
        (["rollout", "--faults", "fire"], "'fire' is not a fault; choose failures, latency or none"),
        (["rollout", "--workers", "257"], "--workers is 257; choose 1 to 256"),
        (["rollout", "--rounds", "1001"], "--rounds is 1001; choose 0 to 1000"),
        (["reload", "--workers", "0"], "--workers is 0; choose 1 to 256"),
        (["reload", "--edits", "601"], "--edits is 601; choose 1 to 600"),
        (["reload", "--minutes", "0"], "--minutes is 0.0; choose 0.01 to 1440"),
        (["policies", "--assignments", "999"], "--assignments is 999; choose 1000 to 100000000"),
    ])
    func `absurd values are refused with what to choose`(arguments: [String], reason: String) {
        let error = #expect(throws: (any Error).self) { try Bench.parseAsRoot(arguments) }
        let message = error.map { Bench.message(for: $0) } ?? ""
        #expect(message.contains(reason), "\(message)")
    }

    @Test func `lists are read in order`() throws {
        #expect(ArgumentList<Int>(argument: "1,8, 32")?.values == [1, 8, 32])
        #expect(ArgumentList<Int>(argument: "") == nil)
    }

    @Test func `several completions are read from an array and one from an object`() throws {
        let one = #"{"index":0,"content":"8*3=24","tokens_predicted":31,"stop":true}"#
        let completion = LlamaServer.Completion(content: "8*3=24", tokens: 31)
        #expect(try LlamaServer.completions(in: Data(one.utf8), status: 200, n: 1) == [completion])
        let two = "[\(one),\(one)]"
        #expect(
            try LlamaServer.completions(in: Data(two.utf8), status: 200, n: 2) == [completion, completion]
        )
    }

    @Test(arguments: [
        (200, "[]", "gave 0 completions where 2 were asked for"), (200, "x", "gave 0 completions"),
        (
            400, #"{"error":{"code":400,"message":"n_cmpl must be at most 1"}}"#,
            "answered 400: n_cmpl must be"
        ),
        (503, "", "answered 503: no message"),
    ])
    func `a reply of the server that is none is refused with its words`(
        status: Int,
        text: String,
        reason: String
    ) {
        let error = #expect(throws: UsageError.self) {
            try LlamaServer.completions(in: Data(text.utf8), status: status, n: 2)
        }
        #expect(error?.description.contains(reason) ?? false, "\(String(describing: error))")
    }

    @Test func `the server's port is read from its log`() {
        #expect(LlamaServer.port(inLine: "0.01 I srv listening on http://127.0.0.1:40123") == 40_123)
        #expect(LlamaServer.port(inLine: "srv loading model") == nil)
    }

    @Test func `quantiles are values that were seen`() {
        let values = (1...100).map(Double.init).shuffled()
        #expect(values.quantile(0.5) == 50 && values.quantile(0.99) == 99 && values.quantile(1) == 100)
        #expect([Double]().quantile(0.5) == nil)
    }

    private static let arguments = LlamaServer.Arguments(
        model: "m.gguf",
        slots: 8,
        contextTokens: 512,
        threads: 1,
        isUnified: false,
        settings: LlamaSettings()
    )

    @Test func `the server gets a context for each of its slots`() {
        let list = Self.arguments.list
        #expect(
            list.firstRange(of: ["--ctx-size", "4096"]) != nil && list.contains("--no-kv-unified"),
            "\(list)"
        )
    }

    /// A script in the server's place, which writes its process number beside itself.
    private static func withServer<Result>(
        _ script: String,
        _ body: (_ executable: String, _ process: () -> Int32?) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "server")
        try Data("#!/bin/sh\necho $$ >\(folder.path())/process\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path())
        return try await body(file.path()) {
            let text = try? String(contentsOf: folder.appending(path: "process"), encoding: .utf8)
            return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    }

    @Test func `a server that ends by itself is reported with its last line`() async throws {
        try await Self.withServer("echo starting; echo 'no such model' >&2; exit 1") { executable, _ in
            let error = await #expect(throws: UsageError.self) {
                try await LlamaServer.serving(executable, Self.arguments) { _ in }
            }
            #expect(error?.description == "llama-server ended by itself; its last line is: no such model")
        }
    }

    /// Nothing listens on the port that the script names, so asking for the server's health fails.
    @Test func `a server that can't be reached is stopped`() async throws {
        let script = "echo 'srv listening on http://127.0.0.1:9'; exec sleep 600"
        try await Self.withServer(script) { executable, process in
            await #expect(throws: (any Error).self) {
                try await LlamaServer.serving(executable, Self.arguments, patience: .milliseconds(200)) { _ in
                }
            }
            let number = try #require(process())
            #expect(kill(number, 0) == -1, "process \(number) is still there")
        }
    }
}
