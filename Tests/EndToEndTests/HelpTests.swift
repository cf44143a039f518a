import ArgumentParser
import Foundation
import Subprocess
import Testing

@testable import CLI

private let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
private let separator = "\n----------\n"

private let goldenFiles =
    ((try? FileManager.default.contentsOfDirectory(atPath: golden.path(percentEncoded: false))) ?? [])
    .filter { $0.hasSuffix(".txt") }.sorted()

/// The help of each command, as the built program prints it.
@Suite struct HelpTests {
    /// Each file holds what is typed, a separator, and what is printed.
    ///
    /// With `HEADGATE_RECORD_GOLDEN` set, files are rewritten with what the program says: read the difference.
    @Test(arguments: goldenFiles)
    func `the program prints exactly the recorded help`(name: String) async throws {
        let file = golden.appending(path: name)
        let text = try String(contentsOf: file, encoding: .utf8)
        let split = try #require(text.range(of: separator), "\(name) has no separator")
        let command = text[..<split.lowerBound]
        // The width of the terminal and the home of the user are part of what is printed.
        let run = try await BuiltProgram.run(
            command.split(separator: " ").dropFirst().map(String.init),
            environment: ["COLUMNS": "80", "XDG_STATE_HOME": "/home/someone/.local/state"]
        )
        #expect(run.status == 0 && run.errors.isEmpty, "\(command): \(run.errors)")
        if ProcessInfo.processInfo.environment["HEADGATE_RECORD_GOLDEN"] != nil {
            try Data((command + separator + run.output).utf8).write(to: file)
        }
        #expect(run.output == text[split.upperBound...], "\(name)")
    }

    @Test func `every command has its help recorded`() throws {
        let recorded = try goldenFiles.map { name in
            try String(contentsOf: golden.appending(path: name), encoding: .utf8).prefix { $0 != "\n" }
        }
        let expected = Self.commands(under: Headgate.self, named: "headgate").map { $0 + " --help" }
        #expect(recorded.map(String.init).sorted() == expected.sorted())
    }

    private static func commands(under type: any ParsableCommand.Type, named name: String) -> [String] {
        [name]
            + type.configuration.subcommands.flatMap {
                commands(under: $0, named: "\(name) \($0._commandName)")
            }
    }
}
