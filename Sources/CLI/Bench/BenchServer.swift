import ArgumentParser
import Foundation
import LlamaBackend
import ModelExecutor
import Policy

/// `headgate bench server`: the executor beside llama.cpp's own server with n completions.
struct BenchServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server",
        abstract: "Measure whole requests beside llama-server's n completions of the same prompts.",
        discussion: """
            Both sides get the same file, threads, sampling, prompts in tokens and most tokens, one request at a \
            time, turn and turn about. llama-server is asked for n = k completions, answers all of them in full and \
            scores nothing; it runs with the cache layout that is faster for it, which the first puzzles tell. \
            Ours runs in this process, scores every step and answers with one candidate. So tokens are counted on \
            both sides. `make bench-tools` builds llama-server.

            Example:
              headgate bench server --modes medium,high
            """
    )

    @OptionGroup var model: ModelOptions

    @Option(help: "Our modes, separated by commas; each one's k is llama-server's n.")
    var modes = "medium,high"

    @Option(help: "Puzzles of each mode.")
    var puzzles = 20

    @OptionGroup var puzzle: PuzzleOptions

    func validate() throws {
        guard (1...PuzzleQuestions.most).contains(puzzles) else {
            throw ValidationError("--puzzles is \(puzzles); choose 1 to \(PuzzleQuestions.most)")
        }
        try NamedMode.check(modeNames, maxTokens: puzzle.maxTokens)
    }

    func run() async throws {
        guard let tool = BenchTool.server.path else {
            throw UsageError("there is no llama-server to compare with; run `make bench-tools` once")
        }
        let modes = try modeNames.map { name in try NamedMode.named(name) }
        let questions = puzzle.questions(puzzles)
        let loaded = try model.load()
        let prompts = try questions.problems.indices.map {
            try loaded.model.promptEncoder(questions.messages($0))
        }
        let file = try ModelFile(model.model.map { .file(path: $0) } ?? LoadedModel.builtIn().model)
        let contest = Contest(
            tool: tool,
            file: file.path,
            contextTokens: loaded.model.limits.contextTokens,
            threads: loaded.model.threads,
            settings: model.settings,
            questions: questions,
            prompts: prompts
        )
        let session = LlamaSession.loading(loaded)
        let rows = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await session.run() }
            defer { session.stop() }
            var rows: [Row] = []
            for mode in modes { rows.append(try await contest.row(mode, session)) }
            return rows
        }
        print(puzzle.json ? try JSONText.encode(rows) : table(rows))
    }

    private var modeNames: [String] {
        modes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func table(_ rows: [Row]) -> String {
        let width = rows.reduce(16) { max($0, $1.ours.mode.count + 1) }
        let head =
            "mode".padded(width) + " k   ours ms   llama-server ms   ratio   our tokens   its tokens   "
            + "its layout     right, 95 % interval"
        let body = rows.map { row in
            row.ours.mode.padded(width) + "\(row.ours.k)".padded(-2) + row.oursMs.fixed(1).padded(-10)
                + row.serverMs.fixed(1).padded(-18) + row.ratio.fixed(2).padded(-8)
                + "\(row.ours.candidateTokens)".padded(-13) + "\(row.serverTokens)".padded(-13) + "   "
                + row.serverLayout.padded(12) + "   " + row.ours.accuracyText
        }
        return ([Terminal.output.styled(head, .bold)] + body).joined(separator: "\n")
    }

    /// Milliseconds are means over the puzzles, tokens sums; the ratio is how many times as long llama-server takes.
    struct Row: Encodable, Sendable {
        let ours: ModeTally
        let oursMs: Double
        let serverMs: Double
        let ratio: Double
        let serverTokens: Int
        let serverLayout: String
        let threads: Int
    }
}

/// What both sides of `bench server` have in common.
private struct Contest: Sendable {
    let tool: String
    let file: String
    let contextTokens: Int
    let threads: Int
    let settings: LlamaSettings
    let questions: PuzzleQuestions
    let prompts: [[Token]]

    /// Puzzles that decide the server's layout; the first of them warms up.
    private static let trials = 4

    func row(_ mode: Mode, _ session: LlamaSession) async throws -> BenchServer.Row {
        let arguments = try await bestArguments(mode, session.model)
        return try await LlamaServer.serving(tool, arguments) { server in
            _ = try await serverTime(0, mode, server, session.model)
            _ = try await questions.answer(0, mode: mode, by: session)
            var progress = Progress("\(mode.name)", total: prompts.count)
            var answers: [PuzzleQuestions.Answer] = []
            var (seconds, tokens) = (0.0, 0)
            for index in prompts.indices {
                // Who goes first changes from puzzle to puzzle.
                if index % 2 == 0 {
                    answers.append(try await questions.answer(index, mode: mode, by: session))
                }
                let reply = try await serverTime(index, mode, server, session.model)
                if index % 2 == 1 {
                    answers.append(try await questions.answer(index, mode: mode, by: session))
                }
                seconds += reply.seconds
                tokens += reply.tokens
                progress.show(index + 1)
            }
            let ours = answers.reduce(0) { $0 + $1.seconds }
            return BenchServer.Row(
                ours: ModeTally(mode, answers),
                oursMs: ours * 1000 / Double(prompts.count),
                serverMs: seconds * 1000 / Double(prompts.count),
                ratio: seconds / ours,
                serverTokens: tokens,
                serverLayout: arguments.isUnified ? "unified" : "per_sequence",
                threads: threads
            )
        }
    }

    /// Whichever of the two layouts answers the first puzzles faster.
    private func bestArguments(_ mode: Mode, _ model: ModelDescription) async throws -> LlamaServer.Arguments
    {
        var best: (seconds: Double, arguments: LlamaServer.Arguments)?
        for isUnified in [false, true] {
            note("\(mode.name): trying llama-server \(isUnified ? "unified" : "per sequence")")
            let arguments = LlamaServer.Arguments(
                model: file,
                slots: mode.k,
                contextTokens: contextTokens,
                threads: threads,
                isUnified: isUnified,
                settings: settings
            )
            let seconds = try await LlamaServer.serving(tool, arguments) { server in
                var seconds = 0.0
                for index in 0..<Self.trials {
                    let reply = try await serverTime(index % prompts.count, mode, server, model)
                    if index > 0 { seconds += reply.seconds }
                }
                return seconds
            }
            if best.map({ seconds < $0.seconds }) ?? true { best = (seconds, arguments) }
        }
        guard let best else { preconditionFailure("two layouts were tried") }
        return best.arguments
    }

    private func serverTime(
        _ index: Int,
        _ mode: Mode,
        _ server: LlamaServer,
        _ model: ModelDescription
    ) async throws -> (seconds: Double, tokens: Int) {
        let started = ContinuousClock.now
        let completions = try await server.completions(
            of: prompts[index],
            n: mode.k,
            sampling: mode.sampling(seed: questions.seed &+ UInt64(index), of: model),
            maxTokens: questions.maxTokens
        )
        let seconds = started.duration(to: .now) / .seconds(1)
        return (seconds, completions.reduce(0) { $0 + $1.tokens })
    }
}
