import ArgumentParser
import Policy

/// `headgate validate`: what `serve` would say of a policy folder, without serving.
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a folder of policies and say what is wrong, all of it at once.",
        discussion: """
            Runs the same code as `serve`. Exit status 0 if the folder would be served, 65 if not.

            Example:
              headgate validate policies
            """
    )

    @Argument(help: ArgumentHelp("Folder of policy documents, or one document.", valueName: "folder"))
    var folder: String

    func run() throws {
        let set = try AcceptedPolicies.set(folder)
        for policy in set.policies {
            let arms = policy.arms.map { "\($0.id) \($0.share) (\($0.mode.name), k=\($0.mode.k))" }
            print(
                "\(policy.id)@\(policy.version)  priority \(policy.priority)  \(arms.joined(separator: ", "))"
            )
        }
        for warning in set.warnings { note("warning: \(warning)") }
    }
}
