import ArgumentParser
import Foundation

/// How a command that is a client of the data plane trusts it and is let in.
struct ClientOptions: ParsableArguments {
    static let keyVariable = "HEADGATE_KEY"

    @Option(
        help: ArgumentHelp("Certificate to trust; this user's own gateway's when left out.", valueName: "pem")
    )
    var cacert: String?

    @Option(
        help: ArgumentHelp(
            "A client's key; \(keyVariable) when left out. Only needed where the gateway requires one.",
            valueName: "key"
        )
    )
    var key: String?

    var certificate: String? { cacert ?? StatePaths.ownCertificate }

    /// The key as typed or as the environment has it; nil for none.
    var givenKey: String? {
        let typed = key ?? ProcessInfo.processInfo.environment[Self.keyVariable] ?? ""
        let given = typed.trimmingCharacters(in: .whitespacesAndNewlines)
        return given.isEmpty ? nil : given
    }
}
