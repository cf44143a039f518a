import ArgumentParser
import Foundation

/// How a command finds the admin plane and is let in.
struct AdminOptions: ParsableArguments {
    static let defaultAddress = "127.0.0.1:8444"
    static let keyVariable = "HEADGATE_ADMIN_KEY"

    @Option(help: ArgumentHelp("Address of the admin plane.", valueName: "url"))
    var admin = "https://" + defaultAddress

    @Option(
        help: ArgumentHelp(
            "Admin key; \(keyVariable) when left out, which other users of this machine can't see.",
            valueName: "key"
        )
    )
    var key: String?

    @Option(
        help: ArgumentHelp("Certificate to trust; this user's own gateway's when left out.", valueName: "pem")
    )
    var cacert: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    /// The key as typed or as the environment has it.
    func givenKey() throws(UsageError) -> String {
        let typed = key ?? ProcessInfo.processInfo.environment[Self.keyVariable] ?? ""
        // A key that was read from a file ends with a line break.
        let given = typed.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !given.isEmpty else {
            throw UsageError(
                "no admin key: set \(Self.keyVariable) or give --key, with one from "
                    + "`headgate keys add NAME --role viewer`"
            )
        }
        return given
    }
}
