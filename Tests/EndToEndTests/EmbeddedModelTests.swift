import Foundation
import Testing

@testable import CLI

/// The built program with the model inside it.
@Suite(.serialized) struct EmbeddedModelTests {
    @Test func `asking a puzzle returns the chat completion with its candidates`() async throws {
        let run = try await BuiltProgram.run(
            "ask",
            "Use 3, 8, 8 and 9 to make 24.",
            "--mode",
            "medium",
            "--seed",
            "1",
            "--json"
        )
        try #require(run.status == 0, "\(run.errors)")
        let reply = try Reply(run.output)
        #expect(reply["object"] as? String == "chat.completion")
        let headgate = try #require(reply["headgate"] as? [String: Any])
        #expect(headgate["k"] as? Int == 8)
        let candidates = try #require(headgate["candidates"] as? [[String: Any]])
        #expect(candidates.count == 8)
        let scores = candidates.compactMap { $0["score"] as? Double }
        #expect(scores.count == 8)
        #expect(headgate["score"] as? Double == scores.max(), "the pick is the best score")
    }

    @Test func `the same seed gives the same answer`() async throws {
        let arguments = ["ask", "Make 21 from 3, 4 and 5.", "--mode", "low", "--seed", "5", "--json"]
        let first = try await BuiltProgram.run(arguments)
        let second = try await BuiltProgram.run(arguments)
        #expect(try Reply(first.output).content == Reply(second.output).content)
        #expect(first.status == 0)
    }

    @Test func `a prompt that is no puzzle gets an honest answer`() async throws {
        let run = try await BuiltProgram.run(
            "ask",
            "Who wrote Faust?",
            "--mode",
            "single",
            "--seed",
            "1",
            "--json"
        )
        let content = try #require(try Reply(run.output).content)
        #expect(content.contains("not a puzzle"), "answered: \(content)")
    }

    @Test func `more effort solves more puzzles`() async throws {
        let problems = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/puzzles.jsonl").path(percentEncoded: false)
        let run = try await BuiltProgram.run(
            "eval",
            "--problems",
            problems,
            "--modes",
            "single,high",
            "--json"
        )
        try #require(run.status == 0, "\(run.errors)")
        let modes = try #require(try Reply(run.output)["modes"] as? [[String: Any]])
        let accuracy = modes.compactMap { $0["accuracy"] as? Double }
        let upperOfSingle = try #require(modes.first?["accuracy_high"] as? Double)
        let lowerOfHigh = try #require(modes.last?["accuracy_low"] as? Double)
        #expect(lowerOfHigh > upperOfSingle, "single and high: \(accuracy)")
    }

    @Test func `traffic over TLS ends in a summary that counts every request`() async throws {
        try await BuiltProgram.serving(backend: "embedded") { gateway in
            let traffic = try await BuiltProgram.run(
                "traffic",
                "--url",
                gateway.url,
                "--cacert",
                gateway.files.certificate,
                "--requests",
                "60",
                "--subjects",
                "40",
                "--json"
            )
            try #require(traffic.status == 0, "\(traffic.errors)\(traffic.output)")
            let sent = try Reply(traffic.output)
            #expect(sent["failures"] as? Int == 0)
            let summary = try await BuiltProgram.run(
                "summary",
                "--db",
                gateway.files.database,
                "--format",
                "json"
            )
            #expect(summary.status == ExitStatus.wait, "\(summary.errors)")
            let arms = try #require(try Reply(summary.output)["arms"] as? [[String: Any]])
            #expect(arms.compactMap { $0["requests"] as? Int }.reduce(0, +) == 60)
            let right = try #require(sent["arms"] as? [[String: Any]]).compactMap { $0["right"] as? Int }
            #expect(right.reduce(0, +) > 0, "no puzzle was solved")
        }
    }
}

/// A JSON object that a command printed.
struct Reply {
    private let object: [String: Any]

    init(_ text: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        object = try #require(value as? [String: Any], "not an object: \(text)")
    }

    subscript(name: String) -> Any? { object[name] }

    /// The first choice's text.
    var content: String? {
        let choices = object["choices"] as? [[String: Any]]
        return (choices?.first?["message"] as? [String: Any])?["content"] as? String
    }
}
