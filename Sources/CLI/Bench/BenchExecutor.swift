import ArgumentParser
import Foundation
import LlamaBackend

/// `headgate bench executor`: tokens per second with sampling and scoring, beside llama.cpp's own benchmark.
struct BenchExecutor: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "executor",
        abstract: "Measure decoding at k = 1, 2, 8 and 32, beside llama.cpp's own batched benchmark.",
        discussion: """
            Both take turns on the same file with the same threads and numbers of sequences; the ratio is what \
            counts. `make bench-tools` builds llama.cpp's benchmark; without it only our own speed is printed.
            """
    )

    @Option(help: ArgumentHelp("Model to measure instead of the built-in one.", valueName: "gguf"))
    var model: String?

    @Option(help: "Threads that decode; chosen from the machine and the model when left out.")
    var threads: Int?

    @Option(help: "Rounds; the best of each side counts.")
    var rounds = 3

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard rounds > 0 else { throw ValidationError("--rounds must be at least 1") }
        try ModelOptions.check(threads: threads)
    }

    func run() throws {
        var benchmark = ExecutorBenchmark()
        benchmark.threads = threads
        benchmark.rounds = rounds
        let rows: [ExecutorBenchmark.Measurement]
        if let model {
            rows = try benchmark.run(.file(path: model)) { note($0) }
        } else {
            let (bytes, head) = try LoadedModel.builtIn()
            rows = try benchmark.run(bytes, head: head) { note($0) }
        }
        if ExecutorBenchmark.referenceTool == nil { note("no reference: run `make bench-tools` once") }
        print(json ? try JSONText.encode(rows.map(Row.init)) : table(rows))
    }

    private func table(_ rows: [ExecutorBenchmark.Measurement]) -> String {
        let head = Terminal.output.styled("k   threads   tokens/s   llama.cpp   ratio", .bold)
        let body = rows.map { row in
            "\(row.k)".padded(4) + "\(row.threads)".padded(-7) + row.executor.fixed(0).padded(-11)
                + (row.reference.map { $0.fixed(0) } ?? "–").padded(-12)
                + (row.ratio.map { $0.fixed(2) } ?? "–").padded(-8)
        }
        return ([head] + body).joined(separator: "\n")
    }

    struct Row: Encodable {
        let k: Int
        let threads: Int
        let tokensPerSecond: Double
        let referenceTokensPerSecond: Double?
        let ratio: Double?

        init(_ measurement: ExecutorBenchmark.Measurement) {
            k = measurement.k
            threads = measurement.threads
            tokensPerSecond = measurement.executor
            referenceTokensPerSecond = measurement.reference
            ratio = measurement.ratio
        }
    }
}
