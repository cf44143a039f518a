import ArgumentParser
import Gateway
import Policy

/// `headgate explain`: what the gateway would do with a request, and why.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which policy and arm a request would get, and why.",
        discussion: """
            Runs the same code as `serve`, on the folder as it is now. Exit status 0 whatever becomes of the \
            request, 65 if the folder would not be served.

            Example:
              headgate explain --subject alice --header x-headgate-policy=cautious-ramp
            """
    )

    @Option(help: ArgumentHelp("Folder of policy documents, or one document.", valueName: "folder"))
    var policies = "policies"

    @Option(help: "Explain this policy, whichever would get the request.")
    var policy: String?

    @Option(help: "Subject, sent as header x-subject-id.")
    var subject: String?

    @Option(
        name: .customLong("header"),
        help: ArgumentHelp("A header of the request; give it again for more.", valueName: "name=value"),
        transform: HeaderArgument.init
    )
    var headers: [HeaderArgument] = []

    @Option(help: "Model that the request names; `serve` refuses any but its own.")
    var model = "default"

    @Option(help: "The body's user.")
    var user: String?

    @Option(help: "The body's safety_identifier.")
    var safetyIdentifier: String?

    @Option(
        help: "Name of the client's key; its tags and its digest as a subject are taken from the key file."
    )
    var keyName: String?

    @Option(
        name: .customLong("tag"),
        help: ArgumentHelp(
            "A tag of the client's key, in place of those in the key file; give it again for more.",
            valueName: "tag"
        )
    )
    var tags: [String] = []

    @OptionGroup var keys: KeyFileOptions

    @Option(help: "The body's reasoning_effort.")
    var effort: ReasoningEffort?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard subject == nil || !headers.contains(where: { $0.name == Self.subjectHeader }) else {
            throw ValidationError("--subject is header \(Self.subjectHeader): give one of them")
        }
    }

    func run() throws {
        let set = try AcceptedPolicies.set(policies)
        var headers = HeaderArgument.byName(self.headers)
        if let subject { headers[Self.subjectHeader] = subject }
        let key = try knownKey()
        let request = RequestAttributes(
            model: model,
            headers: headers,
            bodyUser: user,
            safetyIdentifier: safetyIdentifier,
            key: keyName,
            tags: tags.isEmpty ? key?.tags ?? [] : tags,
            apiKeyDigest: key?.subject
        )
        let explanation = set.explanation(
            of: request,
            clientEffort: effort?.rawValue,
            naming: try named(in: set)
        )
        print(
            json
                ? try JSONText.encode(ExplanationReport(explanation))
                : ExplanationText(explanation: explanation, terminal: .output).text
        )
    }

    private static let subjectHeader = "x-subject-id"

    /// The key of that name, where there is one: a policy may be tried out before its keys are made.
    private func knownKey() throws -> AccessKey? {
        guard let keyName else { return nil }
        let key = try keys.file.keys().client(named: keyName)
        if key == nil {
            note("no client's key \(keyName) in \(keys.file.path), so nothing is known of it but its name")
        }
        return key
    }

    private func named(in set: PolicySet) throws -> SplitPolicy? {
        guard let policy else { return nil }
        guard let named = set.policy(named: PolicyID(rawValue: policy)) else {
            let known = set.policies.map { "\($0.id)" }.joined(separator: ", ")
            throw UsageError("\(policies) has no policy '\(policy)'; choose from \(known)")
        }
        return named
    }
}
