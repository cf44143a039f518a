import ArgumentParser
import Policy
import Store

/// `headgate diff`: what a changed policy means, before it is saved over the old one.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what changes between two documents of a policy, and how many subjects move.",
        discussion: """
            Changes are those of the normal forms: layout, comments and defaults written out are none. Movement is \
            an estimate: both documents deal the same made-up subjects. Those in a record can't be dealt again, \
            because it keeps only digests of them; with --db their number is shown.

            Exit status 0, also when nothing changes; 65 if a document is refused.

            Example:
              headgate diff policies/cautious-ramp.yaml next.yaml --db headgate.db
            """
    )

    @Argument(help: ArgumentHelp("The document in force.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("The document to come.", valueName: "new"))
    var new: String

    @Option(help: ArgumentHelp("Record whose subjects are counted.", valueName: "file"))
    var db: String?

    @Option(help: "How many subjects to make up, 1 to 1000000.")
    var subjects = 100_000

    @Flag(help: "Print the result as JSON.")
    var json = false

    /// Enough for an estimate to a tenth of a point, and some seconds of work.
    private static let mostSubjects = 1_000_000

    func validate() throws {
        guard (1...Self.mostSubjects).contains(subjects) else {
            throw ValidationError("--subjects must be 1 to \(Self.mostSubjects)")
        }
    }

    func run() throws {
        let pair = try AcceptedPolicies.single([old, new])
        let (before, after) = (pair[0], pair[1])
        guard before.id == after.id else {
            throw UsageError(
                "\(old) is policy \(before.id) and \(new) is policy \(after.id); give two documents of one policy"
            )
        }
        let recorded = try db.map { try RecordReader(path: $0).subjectCount(of: before.id) }
        let madeUp = (0..<subjects).lazy.map { SubjectID(rawValue: "subject-\($0)") }
        let report = DiffReport(
            from: before,
            to: after,
            movement: Movement(from: before, to: after, over: madeUp),
            recordedSubjects: recorded
        )
        print(json ? try JSONText.encode(report) : report.text(.output))
    }
}
