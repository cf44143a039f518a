import Foundation
import Testing

@testable import CLI

/// The built program with a model of the user's own: SmolLM2, which has no score head.
@Suite(.serialized, .timeLimit(.minutes(5))) struct GeneralModelTests {
    /// Where `make smollm2` puts it.
    private static let model: String = {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        return cache + "/headgate/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    }()

    /// Small enough to load in a moment.
    private static let options = ["--model", model, "--context", "256", "--sequences", "4"]

    /// The built-in model's head, which reads 192 features; SmolLM2 has 576.
    private static let headOfAnotherWidth = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/DefaultModel/head.gguf").standardized.path(percentEncoded: false)

    private static let unscored = """
        policy: split
        priority: 1
        match: {models: [default]}
        subject: {from: [header:x-subject-id], otherwise: request}
        arms:
          one: {share: 50%, mode: single, control: true}
          vote: {share: 50%, mode: voting}
        modes:
          voting: {k: 3, select: majority}
        limits: {deadline: 5m, max_tokens: 12}
        metrics:
          success: {kind: binary, better: higher, window: 1h}
        """

    @Test func `unscored modes of a model without a head answer over TLS`() async throws {
        try await BuiltProgram.serving(
            policies: ["split.yaml": Self.unscored],
            backend: "embedded",
            options: Self.options
        ) { gateway in
            let client = try TestClient(gateway)
            var arms: Set<String> = []
            for subject in ["ann", "bob", "cleo", "dan", "eve", "fay"] {
                let served = try await client.ask("Name a colour.", subject: subject)
                #expect(!served.answer.isEmpty, "\(subject) got an empty answer")
                arms.insert(served.arm)
            }
            #expect(arms == ["one", "vote"])
            try await client.close()
        }
    }

    @Test func `a scored policy is refused at start with what to do`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Documents.evenSplit])
        defer { files.remove() }
        let run = try await BuiltProgram.run(
            [
                "serve", "--policies", files.policies, "--db", files.database, "--state", files.folder,
                "--listen", "127.0.0.1:0",
            ] + Self.options
        )
        #expect(run.status == ExitStatus.refused, "\(run.errors)")
        #expect(run.output.isEmpty, "it listened: \(run.output)")
        for words in ["arms.low.mode", "arms.medium.mode", "no score head", "--head", "select: majority"] {
            #expect(run.errors.contains(words), "\(words) is missing from \(run.errors)")
        }
    }

    @Test func `a question is answered by the vote of three`() async throws {
        let run = try await BuiltProgram.run(
            ["ask", "Name a colour.", "--mode", "majority@3", "--seed", "3", "--max-tokens", "12", "--json"]
                + Self.options
        )
        try #require(run.status == 0, "\(run.errors)")
        let reply = try Reply(run.output)
        #expect(try #require(reply.content).isEmpty == false)
        let headgate = try #require(reply["headgate"] as? [String: Any])
        #expect(headgate["mode"] as? String == "majority@3")
        #expect(headgate["k"] as? Int == 3)
        #expect((headgate["candidates"] as? [[String: Any]])?.count == 3)
        #expect(headgate["score"] is NSNull || headgate["score"] == nil, "nothing scored it")
    }

    @Test(arguments: [["ask", "Name a colour.", "--mode", "low"], ["eval", "--count", "1"]])
    func `a head of another width is refused with both widths`(command: [String]) async throws {
        let run = try await BuiltProgram.run(command + Self.options + ["--head", Self.headOfAnotherWidth])
        #expect(run.status == ExitStatus.failure)
        #expect(run.output.isEmpty)
        #expect(run.errors.contains("192 features and the model has 576"), "\(run.errors)")
    }
}
