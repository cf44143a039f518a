import ArgumentParser
import Foundation

/// `headgate plot`: results of `eval` as a picture.
struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw accuracy against candidate tokens, from results of `eval --json`, as SVG.",
        discussion: """
            Several results are drawn together; they should be of the same problems. Bars are the 95 % intervals.

            Example:
              headgate eval --count 1000 --seed 6 --modes low,medium,high,auto --json > results.json
              headgate plot results.json > accuracy.svg
            """
    )

    @Argument(help: ArgumentHelp("Results of `eval --json`.", valueName: "json"))
    var results: [String]

    func run() throws {
        let rows = try results.flatMap { try Self.rows(of: $0) }
        guard !rows.isEmpty else {
            throw UsageError("the results hold no mode; run `headgate eval --json` again")
        }
        print(EvalPlot(rows: rows).svg)
    }

    private static func rows(of path: String) throws -> [Eval.Row] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError("\(path) can't be read; name a file that `headgate eval --json` wrote")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(Eval.Report.self, from: data).modes
        } catch {
            throw UsageError("\(path) holds no result of `headgate eval --json`")
        }
    }
}
