import ArgumentParser
import Policy
import Summary

/// `headgate rollout`: watches and commands the rollouts of a gateway that serves.
struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "Watch the rollouts of a running gateway, and move them.",
        discussion: """
            Exit status 0 when done, 65 when the rollout refuses, 75 when nobody answers, 77 when the key does \
            not allow it.

            Example:
              headgate rollout start cautious-ramp
            """,
        subcommands: [
            Status.self, Start.self, Pause.self, Resume.self, Promote.self, Rollback.self,
        ]
    )
}

extension RolloutCommand {
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say where rollouts stand and what they wait for."
        )

        @Argument(help: "Policy to tell of; all of them when left out.")
        var policy: String?

        @OptionGroup var options: AdminOptions

        func run() async throws {
            struct List: Decodable {
                let rollouts: [RolloutRow]
            }
            try await AdminClient.run(options) { client in
                if let policy {
                    try RolloutRow.print([try await client.get(["rollouts", policy])], options)
                } else {
                    let list: List = try await client.get(["rollouts"])
                    try RolloutRow.print(list.rollouts, options)
                }
            }
        }
    }

    struct Start: RolloutStepCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give the arm the share of the first stage, also after a rollback."
        )
        static let command = OperatorCommand.start
        @OptionGroup var target: RolloutTarget
    }

    struct Pause: RolloutStepCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stay in the stage, whatever its evidence says, unless it shows harm."
        )
        static let command = OperatorCommand.pause
        @OptionGroup var target: RolloutTarget
    }

    struct Resume: RolloutStepCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go on with a paused stage, from its begin."
        )
        static let command = OperatorCommand.resume
        @OptionGroup var target: RolloutTarget
    }

    struct Promote: RolloutStepCommand {
        static let configuration = CommandConfiguration(
            abstract: "Go to the next stage now, or from the last to the end."
        )
        static let command = OperatorCommand.promote
        @OptionGroup var target: RolloutTarget
    }

    struct Rollback: RolloutStepCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take everything from the arm now and give it to control."
        )
        static let command = OperatorCommand.rollback
        @OptionGroup var target: RolloutTarget
    }
}

/// Which rollout is meant, and where it runs.
struct RolloutTarget: ParsableArguments {
    @Argument(help: "Policy whose rollout is meant.")
    var policy: String

    @OptionGroup var options: AdminOptions
}

/// A command that moves one rollout; they differ in nothing but the word.
protocol RolloutStepCommand: AsyncParsableCommand {
    static var command: OperatorCommand { get }
    var target: RolloutTarget { get }
}

extension RolloutStepCommand {
    func run() async throws {
        try await AdminClient.run(target.options) { client in
            let path = ["rollouts", target.policy, Self.command.rawValue]
            try RolloutRow.print([try await client.post(path)], target.options)
        }
    }
}

/// One rollout as the admin plane tells it.
struct RolloutRow: Codable {
    let policy: String
    let arm: String
    let phase: String
    let share: String
    let stages: [String]
    let since: Int
    let version: String
    let waitsFor: String?

    static func print(_ rows: [RolloutRow], _ options: AdminOptions) throws {
        if options.json { return Swift.print(try JSONText.encode(rows)) }
        if rows.isEmpty { return note("no policy in force has a rollout") }
        let header = ["policy", "arm", "phase", "share", "stages", "since", "version", "waits for"]
        let cells = rows.map { row in
            [
                row.policy, row.arm, row.phase, row.share, row.stages.joined(separator: " "),
                row.since == 0 ? "" : row.since.utc, row.version, row.waitsFor ?? "",
            ]
        }
        Swift.print(TextTable.words(header, cells))
    }
}
