import ArgumentParser
import Foundation

/// The one program: a gateway, and the tools to feed it, read it and judge what it recorded.
@main
struct Headgate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headgate",
        abstract: "A TLS gateway that splits live traffic over thinking efforts of a reflective model.",
        version: Version.current,
        subcommands: [
            Serve.self, Ask.self, Validate.self, Explain.self, Diff.self, SchemaCommand.self,
            SummaryCommand.self, ReviewCommand.self, PolicyCommand.self,
            RolloutCommand.self, AuditCommand.self, KeysCommand.self, Eval.self, Plot.self, Traffic.self,
            ConvertHead.self, Bench.self,
        ]
    )

    /// Usage errors keep ArgumentParser's words and status; what fails while running says why and exits 70.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as UsageError {
            note("error: \(error)")
            Foundation.exit(ExitStatus.usage)
        } catch {
            leave(with: error)
        }
    }

    private static func leave(with error: any Error) -> Never {
        let status = exitCode(for: error)
        guard !(error is ExitCode), status != .success, status != .validationFailure else {
            exit(withError: error)
        }
        note("error: \(error)")
        Foundation.exit(ExitStatus.failure)
    }
}

/// What this build calls itself.
enum Version {
    static let current = "0.1.0"
}
