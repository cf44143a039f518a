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

    @Option(
        help: ArgumentHelp("Client certificate to be known by, in place of a key.", valueName: "pem")
    )
    var clientCert: String?

    @Option(help: ArgumentHelp("Private key of the client certificate.", valueName: "pem"))
    var clientKey: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (clientCert == nil) == (clientKey == nil) else {
            throw ValidationError(
                "a client certificate needs its key: give both --client-cert and --client-key"
            )
        }
        guard clientCert == nil || key == nil else {
            throw ValidationError("--client-cert stands in place of --key; give one of them")
        }
    }

    /// What the command shows of itself in the handshake; nil if it has a key instead.
    func identity() throws(UsageError) -> ClientIdentity? {
        guard let clientCert, let clientKey else { return nil }
        return try ClientIdentity(certificate: clientCert, key: clientKey)
    }

    /// The key as typed or as the environment has it; nil where a certificate stands in its place.
    func givenKey() throws(UsageError) -> String? {
        if clientCert != nil { return nil }
        let typed = key ?? ProcessInfo.processInfo.environment[Self.keyVariable] ?? ""
        // A key that was read from a file ends with a line break.
        let given = typed.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !given.isEmpty else {
            throw UsageError(
                "no admin key: set \(Self.keyVariable) or give --key, with one from "
                    + "`headgate keys add NAME --role viewer`; or give --client-cert and --client-key"
            )
        }
        return given
    }
}
