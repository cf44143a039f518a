import Foundation
import Policy
import Store
import Testing

@testable import CLI

/// Policies changed over HTTPS, as an operator or a pipeline does it.
@Suite(.timeLimit(.minutes(5))) struct PolicyCommandTests {
    private static let commented = "# Half and half.\n" + Documents.evenSplit + "\n"
    private static let everyone = "# All of it.\n" + Documents.everything("medium") + "\n"

    /// A gateway with one policy, an operator, and a place for documents to put.
    private func serving(
        _ policies: [String: String] = ["split.yaml": commented],
        _ body: @Sendable (ServedGateway, Operator, TestClient) async throws -> Void
    ) async throws {
        try await BuiltProgram.serving(policies: policies) { gateway in
            let alice = try await Operator.make("alice", .operator, of: gateway)
            let client = try TestClient(gateway)
            do {
                try await body(gateway, alice, client)
            } catch {
                try await client.close()
                throw error
            }
            try await client.close()
        }
    }

    /// A file beside the folder, not in it.
    private static func file(_ text: String, of gateway: ServedGateway) throws -> String {
        let path = gateway.files.folder + "/\(UUID().uuidString).yaml"
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private static func text(_ gateway: ServedGateway, _ name: String = "split.yaml") throws -> String {
        try String(contentsOfFile: gateway.files.policies + "/" + name, encoding: .utf8)
    }

    private static func decoded<Row: Decodable>(_ run: BuiltProgram.Run, as type: Row.Type) throws -> Row {
        try #require(run.status == 0, "\(run.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Row.self, from: Data(run.output.utf8))
    }

    @Test func `a put is in force when it returns, and its history leads back`() async throws {
        try await serving { gateway, alice, client in
            let before = try #require(
                try Self.decoded(await alice.run("policy", "list", "--json"), as: [PolicyRow].self).first
            )
            #expect(before.file == "split.yaml" && before.document == before.version && before.phase == nil)

            let put = try await alice.run(
                "policy",
                "put",
                try Self.file(Self.everyone, of: gateway),
                "--json"
            )
            let after = try #require(try Self.decoded(put, as: [PolicyRow].self).first)
            let served = try await client.ask(subject: "someone")
            #expect(served.arm == "medium" && served.policy == "split@\(after.version)", "\(served)")
            #expect(try Self.text(gateway) == Self.everyone)
            #expect(try await alice.run("policy", "show", "split").output == Self.everyone)

            let shown = try await alice.run("policy", "show", "split", before.version)
            #expect(shown.output == Self.commented)
            let revert = try await alice.run("policy", "revert", "split", before.version, "--json")
            #expect(try Self.decoded(revert, as: [PolicyRow].self).map(\.version) == [before.version])
            #expect(try Self.text(gateway) == Self.commented, "comments and all")
            #expect(try await client.ask(subject: "someone").policy == "split@\(before.version)")

            let history = try await alice.run("policy", "history", "split", "--json")
            let rows = try Self.decoded(history, as: [PolicyVersionRow].self)
            #expect(rows.map(\.version) == [after.version, before.version])
            #expect(rows.map(\.inForce) == [false, true])
            #expect(rows.map(\.actor) == ["alice", "file"])
            let audit = try await alice.run("audit", "--policy", "split", "--json")
            let lines = try Self.decoded(audit, as: [AuditCommand.Line].self)
            #expect(
                lines.map { "\($0.actor) \($0.before) \($0.after) \($0.reason)" } == [
                    "alice \(after.version) \(before.version) reverted to \(before.version)",
                    "alice \(before.version) \(after.version) edited",
                    "file none \(before.version) found at start",
                ]
            )
        }
    }

    @Test func `what was put is there after a restart, and no edit of anybody's`() async throws {
        let files = try ServedGateway.Files.make(policies: ["split.yaml": Self.commented])
        defer { files.remove() }
        let arguments = ["--backend", "scripted", "--log-level", "error"]
        let document = files.folder + "/next.yaml"
        try Data(Self.everyone.utf8).write(to: URL(filePath: document))
        func serving(_ body: @Sendable (ServedGateway, Operator) async throws -> Void) async throws {
            try await ServedGateway.serving(files, executable: BuiltProgram.path, arguments: arguments) {
                gateway in
                let name = "alice-\(UUID().uuidString.prefix(8))"
                try await body(gateway, try await Operator.make(name, .operator, of: gateway))
            }
        }
        try await serving { _, alice in
            let put = try await alice.run("policy", "put", document)
            #expect(put.status == 0, "\(put.errors)")
        }
        try await serving { gateway, alice in
            let client = try TestClient(gateway)
            #expect(try await client.ask(subject: "someone").arm == "medium")
            try await client.close()
            let audit = try await alice.run("audit", "--policy", "split", "--json")
            #expect(
                try Self.decoded(audit, as: [AuditCommand.Line].self).map(\.reason) == [
                    "edited", "found at start",
                ]
            )
        }
    }

    @Test func `policies come and go by the same commands`() async throws {
        try await serving { gateway, alice, client in
            let second = Self.commented.replacing("policy: split", with: "policy: second")
                .replacing("priority: 1", with: "priority: 2")
            let file = try Self.file(second, of: gateway)
            #expect(try await alice.run("policy", "put", file, "--if-match", "none").status == 0)
            let again = try await alice.run("policy", "put", file, "--if-match", "none")
            #expect(
                again.status == ExitStatus.refused && again.errors.contains("is at version"),
                "\(again.errors)"
            )
            #expect(try Self.text(gateway, "second.yaml") == second)
            let gone = try await alice.run("policy", "delete", "second")
            #expect(gone.status == 0, "\(gone.errors)")
            let words = try #require(
                gone.output.split(separator: " ").last?.trimmingCharacters(in: .newlines)
            )
            #expect(try await alice.run("policy", "revert", "second", words).status == 0)
            #expect(try Self.text(gateway, "second.yaml") == second)
            let nobody = try await alice.run("policy", "delete", "third")
            #expect(nobody.status == ExitStatus.refused && nobody.output.isEmpty)
        }
    }

    @Test func `a document that would be refused says all that is wrong, and the file stays`() async throws {
        try await serving { gateway, alice, _ in
            let broken =
                Self.commented.replacing("low: {share: 50%", with: "low: {share: 40%") + "speling: 1\n"
            let file = try Self.file(broken, of: gateway)
            for command in [["put", file], ["validate", file]] {
                let run = try await alice.run(["policy"] + command)
                #expect(run.status == ExitStatus.refused)
                #expect(run.errors.contains("split.yaml:") && run.errors.contains("speling"), "\(run.errors)")
                #expect(run.errors.contains("the shares add up to 90%"), "\(run.errors)")
            }
            #expect(try Self.text(gateway) == Self.commented)
            #expect(
                try await alice.run("policy", "validate", try Self.file(Self.everyone, of: gateway)).status
                    == 0
            )
            let stale = try await alice.run(
                "policy",
                "put",
                try Self.file(Self.everyone, of: gateway),
                "--if-match",
                "000000000000"
            )
            #expect(
                stale.status == ExitStatus.refused && stale.errors.contains("fetch it again"),
                "\(stale.errors)"
            )
            let nameless = try await alice.run("policy", "put", try Self.file("priority: 1\n", of: gateway))
            #expect(nameless.status == ExitStatus.refused && nameless.errors.contains("has no name"))
            let missing = try await alice.run("policy", "put", "/nowhere/at/all.yaml")
            #expect(missing.status == ExitStatus.usage)
            #expect(try Self.text(gateway) == Self.commented)
        }
    }

    @Test func `a request in flight keeps the version that it began with`() async throws {
        let patient = Documents.everything("low") + "\nlimits: {deadline: 3600s}\n"
        try await serving(["split.yaml": patient]) { gateway, alice, client in
            let old = try await client.ask(subject: "someone").policy
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Longer than the test: it ends when its client leaves.
                group.addTask { _ = try await client.ask("#delay=3000000", subject: "waiting") }
                try await client.waitForMetric("headgate_store_open_requests", [:], toBe: 1)
                let next = patient.replacing("low", with: "medium")
                #expect(try await alice.run("policy", "put", try Self.file(next, of: gateway)).status == 0)
                let new = try await client.ask(subject: "someone").policy
                #expect(new != old)
                try await client.waitForMetric("headgate_store_open_requests", [:], toBe: 1)
                group.cancelAll()
                await #expect(throws: (any Error).self) { try await group.waitForAll() }
                try await client.waitForMetric("headgate_store_open_requests", [:], toBe: 0)
                let arms = try RecordReader(path: gateway.files.database).observations(
                    of: "split",
                    metric: "success"
                )
                let rows = arms.map { "split@\($0.version) \($0.ended.values.reduce(0, +))" }
                #expect(rows == ["\(old) 2", "\(new) 1"])
                #expect(arms.first?.ended[.clientGone] == 1)
            }
        }
    }
}
