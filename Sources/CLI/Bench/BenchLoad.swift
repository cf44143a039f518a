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
            Each round asks the same puzzles of one model three times: large requests (the mode with the largest \
            k) one after another; the small ones (k up to 2) at their share of the concurrency, alone; then all \
            modes together. It prints how much of the lone large requests' tokens per second the mixture keeps, \
            and how much longer small requests take beside large ones than alone: medians over the rounds.
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: "Modes that take turns, separated by commas.")
    var modes = "single,low,medium,high"

    @Option(help: "Requests at once.")
    var concurrency = 64

    @Option(help: "Requests in all, of the mixture.")
    var requests = 256

    @Option(help: "Rounds.")
    var rounds = 3

    @OptionGroup var puzzle: PuzzleOptions

    /// The most requests at once: the executor's queue holds no more.
    static let mostConcurrency = 256
    private static let rounds = 1...100

    func validate() throws {
        guard (1...Self.mostConcurrency).contains(concurrency) else {
            throw ValidationError("--concurrency is \(concurrency); choose 1 to \(Self.mostConcurrency)")
        }
        guard (concurrency...PuzzleQuestions.most).contains(requests) else {
            throw ValidationError(
                "--requests is \(requests); choose --concurrency, \(concurrency), to \(PuzzleQuestions.most)"
            )
        }
        guard Self.rounds.contains(rounds) else {
            throw ValidationError("--rounds is \(rounds); choose 1 to \(Self.rounds.upperBound)")
        }
        try NamedMode.check(modeNames, maxTokens: puzzle.maxTokens)
        guard modeNames.count <= concurrency else {
            throw ValidationError("--concurrency \(concurrency) is fewer than the \(modeNames.count) modes")
        }
    }

    func run() async throws {
        let modes = try modeNames.map { name in try NamedMode.named(name) }
        let load = MixedLoad(
            modes: modes,
            concurrency: concurrency,
            rounds: rounds,
            questions: puzzle.questions(requests)
        )
        let session = LlamaSession.loading(try model.load())
        let report = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            defer { session.stop() }
            return try await load.report(session)
        }
        print(puzzle.json ? try JSONText.encode(report) : report.table(.output))
    }

    private var modeNames: [String] {
        modes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
