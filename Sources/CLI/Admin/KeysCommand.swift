import ArgumentParser
import Gateway
import Store
import Summary

/// `headgate keys`: who may use the gateway, and which plane of it.
///
/// It works on the file in the state folder and not over HTTPS, so that the first key needs no other, and whoever can
/// write to that folder rules here anyway.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Add, list and remove keys of both planes; a running gateway follows within a second.",
        subcommands: [Add.self, List.self, Remove.self]
    )
}

/// Where the key file lies.
struct KeyFileOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder with the keys, as for serve.", valueName: "folder"))
    var state = StatePaths.defaultFolder

    var file: KeyFile { KeyFile(stateFolder: state) }
}

extension KeysCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print it, this once.",
            discussion: """
                On the admin plane a viewer reads, and an operator commands rollouts and changes policies too; the name \
                stands in the audit. A client uses the data plane, where policies may go by the key's name and tags. No \
                key opens both.

                With --certificate there is nothing to print: whoever presents a certificate whose common name is the \
                key's bears it, if serve --admin-client-ca names who signed it.

                Examples:
                  headgate keys add alice --role operator
                  headgate keys add deploy-bot --role operator --certificate
                  headgate keys add shop --role client --tag gold --tag eu
                """
        )

        @Argument(help: "Whose key it is: a person or a program.")
        var name: String

        @Option(help: "What the key opens.")
        var role: KeyRole

        @Option(
            name: .customLong("tag"),
            help: ArgumentHelp(
                "A tag of a client's key, for match.tags of policies; give it again for more, up to \(AccessKey.mostTags).",
                valueName: "tag"
            )
        )
        var tags: [String] = []

        @Flag(help: "A client certificate of this name stands for the key, which has no words.")
        var certificate = false

        @OptionGroup var options: KeyFileOptions

        func validate() throws {
            guard !certificate || tags.isEmpty else {
                throw ValidationError(
                    "--tag is for keys of the data plane, --certificate for those of the admin plane"
                )
            }
        }

        func run() throws {
            if certificate { return try options.file.addCertificate(name, role, now: .now) }
            var random = SystemRandomNumberGenerator()
            print(try options.file.add(name, role, tags: tags, now: .now, using: &random))
            note("store it now: only its hash is kept, in \(options.file.path)")
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List names, roles, ages and tags of the keys."
        )

        @OptionGroup var options: KeyFileOptions

        func run() throws {
            let keys = try options.file.keys().all
            if keys.isEmpty { return note("no keys in \(options.file.path)") }
            let cells = keys.map { key in
                [
                    key.name, key.role.rawValue, Int(key.created.millisecondsSinceEpoch / 1_000).utc,
                    key.tags.joined(separator: ","), key.isCertificate ? "yes" : "",
                ]
            }
            print(TextTable.words(["name", "role", "created", "tags", "certificate"], cells))
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
