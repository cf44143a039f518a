import ArgumentParser
import Foundation
import Policy
import Store
import Summary

/// `headgate summary`: what each arm did, and whether the next step is a go.
struct SummaryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Compare the arms of a policy and say go, wait or no-go.",
        discussion: """
            Reads the record while the gateway writes it. Intervals are valid however often you look.
            Exit status 0 go, 10 wait, 20 no-go, 70 when there is nothing to read.

            Example:
              headgate summary --db headgate.db
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Option(help: ArgumentHelp("SQLite file of the record.", valueName: "file"))
    var db = "headgate.db"

    @Option(help: "Policy to summarise; the one with the latest traffic when left out.")
    var policy: String?

    @Option(help: "Version of the policy; the latest with traffic when left out.")
    var version: String?

    @Option(help: "table or json.")
    var format = Format.table

    func run() throws {
        let reader = try RecordReader(path: db)
        let report = try SummaryBuilder(reader: reader).report(
            of: policy.map { PolicyID(rawValue: $0) },
            version: version.map { PolicyVersion(rawValue: $0) },
            asOf: .now
        )
        switch format {
        case .json: print(try report.json())
        case .table: print(report.table(colour: Terminal.output.hasColour))
        }
        throw ExitCode(report.exitStatus)
    }
}
