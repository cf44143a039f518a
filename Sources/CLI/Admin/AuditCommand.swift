import ArgumentParser
import Summary

/// `headgate audit`: who changed what.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "List who changed what in a running gateway, newest first.",
        discussion: """
            The actor is the name of an admin key, 'file' for an edit of the policy folder, 'rollout' for a \
            rollout that moved by itself, or 'keys' for a change of the key file. Exit status as of headgate \
            rollout.

            Example:
              headgate audit --contains "rolled back"
            """
    )

    @Option(help: "Only lines about this policy.")
    var policy: String?

    @Option(help: ArgumentHelp("Only lines with this text in them.", valueName: "text"))
    var contains: String?

    @Option(help: "How many lines, at most 1000.")
    var limit = 50

    @OptionGroup var options: AdminOptions

    func run() async throws {
        struct List: Decodable {
            let audit: [Line]
        }
        try await AdminClient.run(options) { client in
            let parameters = [("policy", policy), ("contains", contains), ("limit", "\(limit)")]
            let list: List = try await client.get(["audit"], parameters)
            try show(list.audit)
        }
    }

    struct Line: Codable {
        let time: Int
        let actor: String
        let action: String
        let policy: String?
        let before: String
        let after: String
        let reason: String
    }

    private func show(_ lines: [Line]) throws {
        if options.json { return print(try JSONText.encode(lines)) }
        if lines.isEmpty { return note("no line of the audit matches") }
        let header = ["time", "actor", "action", "policy", "before", "after", "reason"]
        let cells = lines.map { line in
            [
                line.time.utc, line.actor, line.action, line.policy ?? "", line.before,
                line.after,
                line.reason,
            ]
        }
        print(TextTable.words(header, cells))
    }
}
