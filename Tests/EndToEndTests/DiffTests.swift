import Foundation
import Testing

@testable import CLI

/// What `diff` says of two documents of one policy.
@Suite struct DiffTests {
    /// - Parameter subjects: few, since a debug build deals slowly.
    private func diff(_ old: String, _ new: String, _ options: String..., subjects: Int = 2_000) async throws
        -> BuiltProgram.Run
    {
        let files = try ServedGateway.Files.make(policies: ["old.yaml": old, "new.yaml": new])
        defer { files.remove() }
        let paths = ["old.yaml", "new.yaml"].map { files.policies + "/" + $0 }
        return try await BuiltProgram.run(["diff"] + paths + options + ["--subjects", "\(subjects)"])
    }

    @Test func `a changed split shows its lines and who moves where`() async throws {
        let run = try await diff(Documents.split(low: 90), Documents.split(low: 80))
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.output.split(separator: "\n").dropFirst().joined(separator: "\n") == """
                  arms
                    - "low": {share: 90%, mode: "low", control: true}
                    + "low": {share: 80%, mode: "low", control: true}
                    - "medium": {share: 10%, mode: "medium", control: false}
                    + "medium": {share: 20%, mode: "medium", control: false}
                  From \\ to     low  medium
                  low        78.60%  10.90%
                  medium          –  10.50%
                10.90% of subjects move [9.61%, 12.34%]; these shares can't be had with less than 10.00%.
                Estimated from 2000 made-up subjects that both documents deal.
                """
        )
    }

    @Test func `a smaller part of the traffic shows who leaves, and no more is left unsaid`() async throws {
        let next = Documents.evenSplit.replacing("[default]", with: "[default], traffic: 60%")
        let run = try await diff(Documents.evenSplit, next)
        #expect(run.output.contains("    + traffic: 60%\n"), "\(run.output)")
        #expect(run.output.contains("(not taken)"), "\(run.output)")
        #expect(run.output.contains("0.00% of subjects move ["), "\(run.output)")
        #expect(run.output.contains("0.00% of subjects come under the policy and "), "\(run.output)")
        #expect(!run.output.contains("Which requests"), "\(run.output)")
        let reply = try Reply(try await diff(Documents.evenSplit, next, "--json").output)
        let left = try #require(reply["left"] as? Double)
        #expect(abs(left - 0.4) < 0.05 && reply["entered"] as? Double == 0)
        let flows = try #require(reply["flows"] as? [[String: Any]])
        #expect(flows.count == 4 && flows.count { $0["to"] is NSNull } == 2)
    }

    @Test func `documents that mean the same move nobody`() async throws {
        let run = try await diff(Documents.evenSplit, "# the same\n" + Documents.evenSplit)
        #expect(run.status == 0)
        #expect(run.output.contains("both documents mean the same"), "\(run.output)")
    }

    @Test(arguments: [
        ("salt: end-to-end", "salt: other", "deals all subjects anew"),
        ("[default]", "[m]", "Which requests"),
    ])
    func `what the figures leave out is said`(from: String, to: String, note: String) async throws {
        let run = try await diff(Documents.evenSplit, Documents.evenSplit.replacing(from, with: to))
        #expect(run.output.contains(note), "\(run.output)")
    }

    @Test func `the JSON has every flow and the least possible`() async throws {
        let run = try await diff(Documents.split(low: 90), Documents.split(low: 80), "--json")
        let reply = try Reply(run.output)
        #expect(reply["least_moved"] as? Double == 0.1)
        let moved = try #require(reply["moved"] as? Double)
        let low = try #require(reply["moved_low"] as? Double)
        let high = try #require(reply["moved_high"] as? Double)
        #expect(low < moved && moved < high && low < 0.1 && high > 0.1, "\(low), \(moved), \(high)")
        let flows = try #require(reply["flows"] as? [[String: Any]])
        let pairs = flows.map { "\($0["from"] ?? "")-\($0["to"] ?? "")" }
        #expect(pairs == ["low-low", "low-medium", "medium-medium"])
        #expect(flows.compactMap { $0["share"] as? Double }.reduce(0, +) == 1)
        #expect(reply["subjects"] as? Int == 2_000 && reply["recorded_subjects"] is NSNull)
        let changes = try #require(reply["changes"] as? [[String: Any]])
        #expect(changes.map { $0["section"] as? String } == ["arms", "arms"])
    }

    @Test func `a record's subjects are counted and said not to be dealt again`() async throws {
        try await BuiltProgram.serving { gateway in
            let client = try TestClient(gateway)
            for subject in ["ann", "bob", "cy", "ann"] { _ = try await client.ask(subject: subject) }
            try await client.close()
            let run = try await diff(
                Documents.evenSplit,
                Documents.split(low: 40),
                "--db",
                gateway.files.database
            )
            #expect(run.status == 0, "\(run.errors)")
            #expect(
                run.output.contains("The record knows 3 subjects of this policy, by digests"),
                "\(run.output)"
            )
        }
    }

    @Test func `the problems of both documents come at once`() async throws {
        let run = try await diff(Documents.evenSplit + "\nspeling: 1", Documents.evenSplit + "\nother: 1")
        #expect(run.status == ExitStatus.refused && run.output.isEmpty)
        #expect(run.errors.contains("old.yaml") && run.errors.contains("new.yaml"), "\(run.errors)")
    }

    @Test func `two policies are no two documents of one`() async throws {
        let run = try await diff(Documents.evenSplit, "policy: other\narms: {low: {share: 100%, mode: low}}")
        #expect(run.status == ExitStatus.usage)
        #expect(run.errors.contains("give two documents of one policy"), "\(run.errors)")
    }

    @Test func `a folder of several policies is no document`() async throws {
        let other = "policy: other\npriority: 9\narms: {low: {share: 100%, mode: low}}"
        let files = try ServedGateway.Files.make(policies: ["a.yaml": Documents.evenSplit, "b.yaml": other])
        defer { files.remove() }
        let run = try await BuiltProgram.run("diff", files.policies, files.policies + "/a.yaml")
        #expect(run.status == ExitStatus.refused)
        #expect(run.errors.contains("name one of its documents"), "\(run.errors)")
    }

    @Test(arguments: [(0, ExitStatus.usage), (1, 0), (1_000_001, ExitStatus.usage)] as [(Int, Int32)])
    func `how many subjects are made up has a limit`(subjects: Int, status: Int32) async throws {
        let run = try await diff(Documents.evenSplit, Documents.split(low: 40), subjects: subjects)
        #expect(run.status == status, "\(run.errors)")
    }

    @Test func `a record that is not there is a failure`() async throws {
        let run = try await diff(Documents.evenSplit, Documents.split(low: 40), "--db", "/nowhere/at/all.db")
        #expect(run.status == ExitStatus.failure && run.output.isEmpty, "\(run.output)")
    }
}
