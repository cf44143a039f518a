import ArgumentParser
import Foundation
import NIOHTTP1
import Policy

/// `headgate policy`: reads and changes the policies of a gateway that serves.
struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Read, change and take back the policies of a running gateway.",
        discussion: """
            A change is in the gateway's folder, on record and in force when the command returns. Exit status as \
            of headgate rollout; 65 also where a document is refused or another than the one meant is there.

            Example:
              headgate policy put policies/cautious-ramp.yaml
            """,
        subcommands: [
            List.self, Show.self, Put.self, Delete.self, History.self, Revert.self, Validate.self,
        ]
    )
}

/// Which policy is meant, and where it is in force.
struct PolicyTarget: ParsableArguments {
    @Argument(help: "Name of the policy.")
    var policy: String

    @OptionGroup var options: AdminOptions
}

/// Which version a change is made of.
struct EditCondition: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only if the document is at this version, or none if there must be no such policy; when left out, "
                + "if it is what it was a moment before.",
            valueName: "version"
        )
    )
    var ifMatch: String?

    /// The header that makes it so.
    func fields(for policy: String, at client: AdminClient) async throws -> HTTPHeaders {
        let absence: HTTPHeaders = ["if-none-match": "*"]
        if let ifMatch { return ifMatch == "none" ? absence : ["if-match": "\"\(ifMatch)\""] }
        let reply = try await client.send(.GET, ["policies", policy], allowingAbsence: true)
        return reply.fields.first(name: "etag").map { ["if-match": $0] } ?? absence
    }
}

extension PolicyCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the policies in force with their versions and shares."
        )

        @OptionGroup var options: AdminOptions

        func run() async throws {
            struct List: Decodable {
                let policies: [PolicyRow]
            }
            try await AdminClient.run(options) { client in
                let list: List = try await client.get(["policies"])
                try PolicyRow.print(list.policies, options)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a policy's document as it was written."
        )

        @Argument(help: "Name of the policy.")
        var policy: String

        @Argument(help: "Version of it; the present one when left out.")
        var version: String?

        @OptionGroup var options: AdminOptions

        func run() async throws {
            struct Shown: Encodable {
                let policy: String
                let version: String?
                let versionInForce: String?
                let text: String
            }
            try await AdminClient.run(options) { client in
                let path = ["policies", policy] + (version.map { ["versions", $0] } ?? [])
                let reply = try await client.send(.GET, path)
                let text = String(decoding: reply.bytes, as: UTF8.self)
                guard options.json else { return print(text, terminator: text.hasSuffix("\n") ? "" : "\n") }
                let shown = Shown(
                    policy: policy,
                    version: reply.fields.first(name: "etag")?.replacing("\"", with: ""),
                    versionInForce: reply.fields.first(name: "x-headgate-version-in-force"),
                    text: text
                )
                print(try JSONText.encode(shown))
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace a policy by this document, or add it.",
            discussion: """
                Example:
                  headgate policy put cautious-ramp.yaml --if-match 6f209e65a421
                """
        )

        @Argument(help: "Document to put; its name is that of the policy.")
        var file: String

        @OptionGroup var condition: EditCondition
        @OptionGroup var options: AdminOptions

        func run() async throws {
            let document = try DocumentFile(file)
            try await AdminClient.run(options) { client in
                let id = try document.policy()
                let fields = try await condition.fields(for: id, at: client)
                let reply = try await client.send(.PUT, ["policies", id], fields, body: document.bytes)
                try PolicyRow.print([try reply.decoded()], options)
            }
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a policy and its file; its versions stay on record."
        )

        @OptionGroup var target: PolicyTarget
        @OptionGroup var condition: EditCondition

        func run() async throws {
            struct Removal: Codable {
                let id: String
                let removed: String
            }
            try await AdminClient.run(target.options) { client in
                let fields = try await condition.fields(for: target.policy, at: client)
                let reply = try await client.send(.DELETE, ["policies", target.policy], fields)
                let removal: Removal = try reply.decoded()
                if target.options.json { return print(try JSONText.encode(removal)) }
                print(
                    "policy \(removal.id) is gone; to have it back: headgate policy revert "
                        + "\(removal.id) \(removal.removed)"
                )
            }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List a policy's versions, newest first, and who made them."
        )

        @OptionGroup var target: PolicyTarget

        func run() async throws {
            struct List: Decodable {
                let versions: [PolicyVersionRow]
            }
            try await AdminClient.run(target.options) { client in
                let list: List = try await client.get(["policies", target.policy, "versions"])
                try PolicyVersionRow.print(list.versions, target.options)
            }
        }
    }

    struct Revert: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put an earlier version's document back, also of a policy that is gone.",
            discussion: """
                Example:
                  headgate policy revert cautious-ramp 6f209e65a421
                """
        )

        @Argument(help: "Name of the policy.")
        var policy: String

        @Argument(help: "Version to go back to.")
        var version: String

        @OptionGroup var condition: EditCondition
        @OptionGroup var options: AdminOptions

        func run() async throws {
            struct Body: Encodable {
                let version: String
            }
            try await AdminClient.run(options) { client in
                let fields = try await condition.fields(for: policy, at: client)
                let body = Array(try JSONEncoder().encode(Body(version: version)))
                let reply = try await client.send(.POST, ["policies", policy, "revert"], fields, body: body)
                try PolicyRow.print([try reply.decoded()], options)
            }
        }
    }

    struct Validate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a running gateway would say of a document, and change nothing.",
            discussion: "Unlike headgate validate, it knows the gateway's other policies and its model."
        )

        @Argument(help: "Document to check.")
        var file: String

        @OptionGroup var options: AdminOptions

        func run() async throws {
            struct Verdict: Codable {
                let problems: [ProblemRow]
                let warnings: [ProblemRow]
            }
            let document = try DocumentFile(file)
            try await AdminClient.run(options) { client in
                let reply = try await client.send(.POST, ["validate"], body: document.bytes)
                let verdict: Verdict = try reply.decoded()
                if options.json { print(try JSONText.encode(verdict)) }
                for problem in options.json ? [] : verdict.problems { note(problem.words) }
                for warning in options.json ? [] : verdict.warnings { note("warning: \(warning.words)") }
                guard verdict.problems.isEmpty else { throw ExitCode(ExitStatus.refused) }
            }
        }
    }
}

/// A document on this machine.
private struct DocumentFile {
    private let file: String
    let bytes: [UInt8]

    init(_ file: String) throws(UsageError) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw UsageError("no document at '\(file)' that can be read; name a file of a policy")
        }
        self.file = file
        bytes = Array(data)
    }

    /// The policy that it says it is of.
    func policy() throws -> String {
        do throws(PolicyProblems) {
            let document = try PolicyDocument(yaml: String(decoding: bytes, as: UTF8.self), file: file)
            if let id = document.id { return id.rawValue }
            throw PolicyProblems([
                PolicyProblem(
                    file: file,
                    path: "policy",
                    message: "the policy has no name",
                    fix: "add policy: NAME"
                )
            ])
        } catch {
            note("\(error)")
            throw ExitCode(ExitStatus.refused)
        }
    }
}
