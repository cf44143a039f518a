import ArgumentParser
import Policy

/// `headgate schema`: what an editor needs to help with policies.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of policy documents, for editors.",
        discussion: """
            Draft 2020-12. An editor that knows it completes keys and marks what is misspelt; whether the parts of a \
            document fit together is for `headgate validate` to say.

            Example:
              headgate schema > policy.schema.json
            """
    )

    func run() {
        print(PolicySchema.text, terminator: "")
    }
}
