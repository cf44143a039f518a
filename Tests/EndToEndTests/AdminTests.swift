import Foundation
import Subprocess
import Testing

@testable import CLI

/// Rollouts commanded over HTTPS, as an operator does it.
@Suite(.timeLimit(.minutes(5))) struct AdminTests {
    @Test func `an operator starts a rollout, and traffic, metrics and audit follow`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Documents.rollout]) { gateway in
            let alice = try await Operator.make("alice", .operator, of: gateway)
            let client = try TestClient(gateway)
            let before = try await client.ask(subject: "someone")
            #expect(before.arm == "low")

            let started = try await alice.run("rollout", "start", "split", "--json")
            #expect(started.status == 0, "\(started.errors)")
            #expect(try rows(started).map(\.phase) == ["stage 1"])
            try await client.waitForMetric("headgate_arm_share_ratio", ["arm": "medium"], toBe: 0.5)
            try await client.waitForMetric("headgate_rollout_stage", ["policy": "split"], toBe: 1)
            let after = try await client.ask(subject: "someone")
            #expect(after.policy != before.policy, "another share is another version")

            let status = try await alice.run("rollout", "status", "split", "--json")
            let row = try #require(try rows(status).first)
            #expect(row.share == "50%" && row.phase == "stage 1")
            #expect(after.policy.hasSuffix(row.version), "\(after.policy) \(row.version)")

            let audit = try await alice.run("audit", "--policy", "split", "--contains", "idle")
            #expect(audit.status == 0)
            let line = try #require(audit.output.split(separator: "\n").last)
            for words in ["alice", "split", "idle", "stage 1 \(row.version)", "started by an operator"] {
                #expect(line.contains(words), "\(audit.output)")
            }
            try await client.close()
        }
    }

    @Test func `each command does what it says`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Documents.rollout]) { gateway in
            let alice = try await Operator.make("alice", .operator, of: gateway)
            for (command, phase, share) in [
                ("start", "stage 1", "50%"), ("pause", "paused in stage 1", "50%"),
                ("resume", "stage 1", "50%"),
                ("promote", "stage 2", "100%"), ("promote", "done", "100%"),
                ("rollback", "rolled back from stage 2", "0%"),
            ] {
                let row = try rows(try await alice.run("rollout", command, "split", "--json")).first
                #expect(row?.phase == phase && row?.share == share, "\(command)")
            }
            let audit = try await alice.run("audit", "--limit", "2", "--json")
            #expect(audit.output.contains("rolled back by an operator"), "\(audit.output)")
            #expect(!audit.output.contains("started by an operator"), "\(audit.output)")
        }
    }

    @Test func `what keeps a command from being done is its exit status`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Documents.rollout]) { gateway in
            let alice = try await Operator.make("alice", .operator, of: gateway)
            let bob = try await Operator.make("bob", .viewer, of: gateway)
            #expect(try await bob.run("rollout", "status").status == 0)
            let viewer = try await bob.run("rollout", "start", "split")
            #expect(viewer.status == ExitStatus.noPermission)
            #expect(viewer.errors.contains("operator") && viewer.output.isEmpty, "\(viewer.errors)")
            let refused = try await alice.run("rollout", "promote", "split")
            #expect(refused.status == ExitStatus.refused)
            #expect(refused.errors.contains("does not run; start it first"), "\(refused.errors)")
            #expect(try await alice.run("rollout", "start", "other").status == ExitStatus.refused)
            #expect(try await alice.run("audit", "--limit", "1001").status == ExitStatus.refused)

            let removed = try await BuiltProgram.run("keys", "remove", "bob", "--state", gateway.files.folder)
            #expect(removed.status == 0, "\(removed.errors)")
            #expect(try await bob.run("rollout", "status").status == ExitStatus.noPermission)
        }
    }

    @Test func `nobody at the address and no key at all have their own words`() async throws {
        let nobody = try await BuiltProgram.run("audit", "--admin", "https://127.0.0.1:1", "--key", "hg_x")
        #expect(nobody.status == ExitStatus.unreachable)
        #expect(nobody.errors.contains("can't reach https://127.0.0.1:1"), "\(nobody.errors)")
        let keyless = try await BuiltProgram.run(
            ["audit"],
            environment: [.init(stringLiteral: AdminOptions.keyVariable): nil]
        )
        #expect(keyless.status == ExitStatus.usage)
        #expect(keyless.errors.contains("headgate keys add"), "\(keyless.errors)")
    }

    @Test func `the admin plane can be turned off`() async throws {
        try await BuiltProgram.serving(options: ["--admin", "none"]) { gateway in
            #expect(gateway.adminURL == nil)
            let client = try TestClient(gateway)
            _ = try await client.ask(subject: "someone")
            try await client.close()
        }
    }

    @Test func `a gateway whose admin address is taken says so and never that it listens`() async throws {
        try await BuiltProgram.serving { gateway in
            let taken = try #require(gateway.adminURL).dropFirst("https://".count)
            let files = try ServedGateway.Files.make(policies: ["split.yaml": Documents.evenSplit])
            defer { files.remove() }
            let run = try await BuiltProgram.run([
                "serve", "--policies", files.policies, "--db", files.database, "--state", files.folder,
                "--listen", "127.0.0.1:0", "--admin", String(taken), "--backend", "scripted",
            ])
            #expect(run.status == ExitStatus.failure && run.output.isEmpty, "\(run.output)")
            #expect(run.errors.contains("cannot listen on \(taken)"), "\(run.errors)")
        }
    }

    @Test func `a damaged key file does not keep the gateway from serving`() async throws {
        try await BuiltProgram.serving { gateway in
            let alice = try await Operator.make("alice", .operator, of: gateway)
            try Data("{".utf8).write(to: URL(filePath: gateway.files.folder + "/admin-keys.json"))
            let run = try await alice.run("rollout", "status")
            #expect(run.status == ExitStatus.failure)
            #expect(run.errors.contains("the key file can't be used"), "\(run.errors)")
            let added = try await BuiltProgram.run(
                "keys",
                "add",
                "bob",
                "--role",
                "viewer",
                "--state",
                gateway.files.folder
            )
            #expect(added.status == ExitStatus.failure && added.output.isEmpty)
            #expect(added.errors.contains("admin-keys.json"), "\(added.errors)")
            let client = try TestClient(gateway)
            _ = try await client.ask(subject: "someone")
            try await client.close()
        }
    }

    @Test func `a key is printed once and listed without its words`() async throws {
        let files = try ServedGateway.Files.make(policies: [:])
        defer { files.remove() }
        let added = try await BuiltProgram.run(
            "keys",
            "add",
            "ann",
            "--role",
            "viewer",
            "--state",
            files.folder
        )
        let secret = added.output.trimmingCharacters(in: .newlines)
        #expect(secret.hasPrefix("hg_") && !secret.contains("\n"))
        #expect(!added.errors.contains(secret))
        let list = try await BuiltProgram.run("keys", "list", "--state", files.folder)
        #expect(list.output.contains("ann") && list.output.contains("viewer"), "\(list.output)")
        #expect(!list.output.contains(secret.dropFirst(3)))
    }

    private func rows(_ run: BuiltProgram.Run) throws -> [RolloutRow] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([RolloutRow].self, from: Data(run.output.utf8))
    }
}

/// Someone with a key, at a gateway's admin plane.
struct Operator {
    enum Role: String { case viewer, `operator` }

    let secret: String
    let arguments: [String]

    static func make(_ name: String, _ role: Role, of gateway: ServedGateway) async throws -> Operator {
        let run = try await BuiltProgram.run(
            "keys",
            "add",
            name,
            "--role",
            role.rawValue,
            "--state",
            gateway.files.folder
        )
        try #require(run.status == 0, "\(run.errors)")
        return Operator(
            secret: run.output.trimmingCharacters(in: .newlines),
            arguments: ["--admin", try #require(gateway.adminURL), "--cacert", gateway.files.certificate]
        )
    }

    func run(_ words: String...) async throws -> BuiltProgram.Run { try await run(words) }

    func run(_ words: [String]) async throws -> BuiltProgram.Run {
        try await BuiltProgram.run(
            words + arguments,
            environment: [.init(stringLiteral: AdminOptions.keyVariable): secret]
        )
    }
}
