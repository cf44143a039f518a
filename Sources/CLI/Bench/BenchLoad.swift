import ArgumentParser
import Foundation
import LlamaBackend
import ModelExecutor
import Policy

/// `headgate bench load`: many requests of mixed effort at once, in this process.
struct BenchLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Measure concurrent requests of mixed effort: waits by mode, tokens per second.",
        discussion: """
            Three runs of the same puzzles through one model: large requests (the mode with the largest k) one \
            after another; the small ones (k up to 2) at their share of the concurrency, alone; then all modes \
            together. It prints how much of the lone large requests' tokens per second the mixture keeps, and how \
            much longer small requests take beside large ones than alone.
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: "Modes that take turns, separated by commas.")
    var modes = "single,low,medium,high"

    @Option(help: "Requests at once.")
    var concurrency = 64

    @Option(help: "Requests in all, of the mixture.")
    var requests = 256

    @Option(help: "Most tokens of one candidate, thinking and answer together.")
    var maxTokens = 256

    @Option(help: "Seed of the sampling and of the puzzles.")
    var seed: UInt64 = 1

    @Flag(help: "Print the result as JSON.")
    var json = false

    /// The most requests at once: the executor's queue holds no more.
    static let mostConcurrency = 256

    func validate() throws {
        guard (1...Self.mostConcurrency).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); choose 1 to \(Self.mostConcurrency)")
        }
        guard (concurrency...PuzzleQuestions.most).contains(requests) else {
            throw ValidationError(
                "--requests is \(requests); choose --concurrency, \(concurrency), to \(PuzzleQuestions.most)"
            )
        }
        try NamedMode.check(modeNames, maxTokens: maxTokens)
        guard modeNames.count <= concurrency else {
            throw ValidationError("--concurrency \(concurrency) is fewer than the \(modeNames.count) modes")
        }
    }

    func run() async throws {
        let modes = try modeNames.map { name in try NamedMode.named(name) }
        let load = MixedLoad(
            modes: modes,
            concurrency: concurrency,
            questions: PuzzleQuestions(count: requests, seed: seed, maxTokens: maxTokens)
        )
        let session = LlamaSession.loading(try model.load())
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            defer { session.stop() }
            return try await load.report(session)
        }
        print(json ? try JSONText.encode(report) : report.table(.output))
    }

    private var modeNames: [String] {
        modes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
