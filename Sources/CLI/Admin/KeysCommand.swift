import ArgumentParser
import Gateway
import Store
import Summary

/// `headgate keys`: who may use the admin plane.
///
/// It works on the file in the state folder and not over HTTPS, so that the first key needs no other, and whoever can
/// write to that folder rules here anyway.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Add, list and remove the keys of the admin plane; a running gateway follows at once.",
        subcommands: [Add.self, List.self, Remove.self]
    )
}

/// Where the key file lies.
struct KeyFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder with the admin keys, as for serve.", valueName: "folder"))
    var state = StatePaths.defaultFolder

    var file: AdminKeyFile { AdminKeyFile(stateFolder: state) }
}

extension KeysCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, this once.",
            discussion: """
                A viewer reads; an operator commands rollouts too. The name stands in the audit.

                Example:
                  headgate keys add alice --role operator
                """
        )

        @Argument(help: "Whose key it is: a person or a program.")
        var name: String

        @Option(help: "viewer or operator.")
        var role: AdminRole

        @OptionGroup var options: KeyFileOptions

        func run() throws {
            var random = SystemRandomNumberGenerator()
            print(try options.file.add(name, role, now: .now, using: &random))
            note("store it now: only its hash is kept, in \(options.file.path)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List names, roles and ages of the keys.")

        @OptionGroup var options: KeyFileOptions

        func run() throws {
            let keys = try options.file.keys().all
            if keys.isEmpty { return note("no keys in \(options.file.path)") }
            let cells = keys.map { key in
                [
                    key.name, key.role.rawValue,
                    Int(key.created.millisecondsSinceEpoch / 1_000).utc,
                ]
            }
            print(TextTable.words(["name", "role", "created"], cells))
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a key; it opens nothing from then on."
        )

        @Argument(help: "Name of the key.")
        var name: String

        @OptionGroup var options: KeyFileOptions

        func run() throws {
            try options.file.remove(name)
        }
    }
}
