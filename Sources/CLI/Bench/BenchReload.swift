import ArgumentParser
import Foundation

/// `headgate bench reload`: edits of a policy under load, a third of them broken.
struct BenchReload: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Edit a policy again and again under load, and check every answer against its version.",
        discussion: """
            Starts a gateway of its own with a scripted executor. Every third edit is a broken one. An answer is \
            wrong if it is refused, if it names a version that was never written, or if its arm is not the one \
            that its version gives its subject.
            """
    )

    @Option(help: "Requests at once.")
    var workers = 8

    @Option(help: "Edits a minute.")
    var edits = 100

    @Option(help: "Minutes.")
    var minutes = 5.0

    @Option(help: "Seed of the edits.")
    var seed: UInt64 = 1

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let workerCounts = 1...256
    private static let editCounts = 1...600
    private static let minuteCounts = 0.01...1_440

    func validate() throws {
        guard Self.workerCounts.contains(workers) else {
            throw ValidationError("--workers is \(workers); choose 1 to \(Self.workerCounts.upperBound)")
        }
        guard Self.editCounts.contains(edits) else {
            throw ValidationError("--edits is \(edits); choose 1 to \(Self.editCounts.upperBound)")
        }
        guard Self.minuteCounts.contains(minutes) else {
            throw ValidationError("--minutes is \(minutes); choose 0.01 to 1440")
        }
    }

    func run() async throws {
        guard let executable = Bundle.main.executablePath else {
            throw UsageError("can't find this program's own file to start a gateway from")
        }
        let storm = ReloadStorm(workers: workers, editsPerMinute: edits, minutes: minutes, seed: seed)
        let report = try await storm.run(executable: executable)
        print(json ? try JSONText.encode(report) : report.text)
    }
}

extension ReloadStorm.Report {
    fileprivate var text: String {
        """
        \(requests) requests, \(failures) failed; \(edits) edits, \(broken) of them broken
        \(versions) versions answered, \(unknownVersions) of them never written, \(mixed) answers by another split
        from a write to its first answer \(medianEffectMilliseconds.fixed(0)) ms in the middle, \
        \(longestEffectMilliseconds.fixed(0)) ms at worst
        """
    }
}
