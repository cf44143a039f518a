import Answers
import ArgumentParser
import Foundation
import Gateway
import ModelExecutor
import Policy
import Stats

/// `headgate eval`: a file of problems through the modes, offline, in this process.
struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run problems through the modes and compare accuracy and compute.",
        discussion: """
            A line of the file is {"prompt": …, "answer": …} for an exact or numeric answer, or \
            {"prompt": …, "numbers": […], "target": …} for a puzzle. Without a file, puzzles are generated.

            Intervals are at 95 % over problems: Wilson's for the share of right answers, the normal one for the \
            mean of candidate tokens, which is too narrow for fewer than some thirty problems.

            Example:
              headgate eval --problems puzzles.jsonl --modes single,low,medium,high
            """
    )

    @Option(help: ArgumentHelp("Problems, one JSON object a line.", valueName: "jsonl"))
    var problems: String?

    @Option(help: "How many puzzles to generate when no file is given.")
    var count = 100

    @Option(help: "Modes to compare, separated by commas; RULE@K, such as majority@8, is one too.")
    var modes = "single,low,medium,high"

    @Option(help: "Most tokens of one candidate, thinking and answer together.")
    var maxTokens = 512

    @Option(help: "Seed of the sampling and of generated puzzles.")
    var seed: UInt64 = 1

    @OptionGroup var backend: BackendOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard (1...Self.mostPuzzles).contains(count) else {
            throw ValidationError("--count must be 1 to \(Self.mostPuzzles)")
        }
        try NamedMode.check(modeNames, maxTokens: maxTokens)
    }

    func run() async throws {
        let problems = try loadedProblems()
        let modes = try modeNames.map { name in try NamedMode.named(name) }
        let rows = try await backend.withBackend { backend in
            var rows: [Row] = []
            for mode in modes {
                rows.append(try await measure(mode, on: problems, with: backend))
            }
            return rows
        }
        let report = Report(problems: problems.count, modes: rows)
        print(json ? try JSONText.encode(report) : report.table(.output))
    }

    /// As many as one file of problems may hold.
    private static let mostPuzzles = ProblemFile.maximumProblems

    private var modeNames: [String] {
        modes.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private func loadedProblems() throws -> [Problem] {
        if let problems { return try ProblemFile.read(problems) }
        var generator = PuzzleGenerator(random: SplitMix64(seed: seed))
        return (0..<count).map { _ in generator.next() }
    }

    private func measure(
        _ mode: Mode,
        on problems: [Problem],
        with backend: any GenerationBackend
    ) async throws -> Row {
        var progress = Progress("\(mode.name)".padded(7), total: problems.count)
        var (right, tokens) = (0, Moments())
        var waiting = problems.enumerated().map { (number: $0.offset, problem: $0.element) }[...]
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: (isRight: Bool, tokens: Int).self) { group in
            func launch() {
                guard let next = waiting.popFirst() else { return }
                let seed = seed &+ UInt64(next.number)
                let request = GenerationRequest(
                    messages: [ChatMessage(role: .user, content: next.problem.prompt)],
                    effort: Effort(mode),
                    sampling: mode.sampling(seed: seed, of: backend.model),
                    maxTokens: maxTokens
                )
                group.addTask {
                    let result = try await backend.result(of: request)
                    return (next.problem.accepts(result.answer), result.compute.candidateTokens)
                }
            }
            for _ in 0..<Self.inFlight(k: mode.k) { launch() }
            while let answer = try await group.next() {
                right += answer.isRight ? 1 : 0
                tokens.add(Double(answer.tokens))
                let share = Double(right) / Double(tokens.count)
                progress.show(tokens.count, detail: (share * 100).fixed(1) + " % right")
                launch()
            }
        }
        let seconds = started.duration(to: .now) / .seconds(1)
        return Row(mode: mode, right: right, tokens: tokens, seconds: seconds)
    }

    /// Enough problems at once to keep 32 candidates in the batch.
    private static func inFlight(k: Int) -> Int { max(1, 32 / k) }
}

extension Eval {
    struct Report: Codable {
        let problems: Int
        let modes: [Row]

        func table(_ terminal: Terminal) -> String {
            let width = modes.reduce(8) { max($0, $1.mode.count) }
            let head =
                "mode".padded(width)
                + "  k   right    95 % interval   tokens/problem     95 % interval   seconds"
            let body = modes.map { row in
                row.mode.padded(width) + "\(row.k)".padded(-3) + percent(row.accuracy).padded(-9)
                    + "   \(percent(row.accuracyLow)) – \(percent(row.accuracyHigh))".padded(19)
                    + row.candidateTokensPerProblem.fixed(1).padded(-14) + row.tokenInterval.padded(-18)
                    + row.seconds.fixed(1).padded(-10)
            }
            return ([terminal.styled(head, .bold)] + body).joined(separator: "\n")
        }

        private func percent(_ share: Double) -> String { (share * 100).fixed(1) + "%" }
    }

    /// One mode over all problems. Tokens are those of every candidate, seconds are wall time.
    struct Row: Codable {
        let mode: String
        let k: Int
        let accuracy: Double
        let accuracyLow: Double
        let accuracyHigh: Double
        let candidateTokens: Int
        let candidateTokensPerProblem: Double
        /// Nil for one problem, which says nothing about the next.
        let candidateTokensPerProblemLow: Double?
        let candidateTokensPerProblemHigh: Double?
        let seconds: Double

        /// - Parameter tokens: of each problem, over all its candidates.
        init(mode: Mode, right: Int, tokens: Moments, seconds: Double) {
            let interval = Counts(successes: right, trials: tokens.count).wilsonInterval()
            let spread = tokens.estimate?.normalInterval()
            self.mode = "\(mode.name)"
            k = mode.k
            accuracy = Double(right) / Double(tokens.count)
            accuracyLow = interval.lower
            accuracyHigh = interval.upper
            candidateTokens = Int(tokens.sum)
            candidateTokensPerProblem = tokens.sum / Double(tokens.count)
            // The mean of a few problems can be so uncertain that the interval reaches below nothing.
            candidateTokensPerProblemLow = spread.map { max(0, $0.lower) }
            candidateTokensPerProblemHigh = spread?.upper
            self.seconds = seconds
        }

        var tokenInterval: String {
            guard let low = candidateTokensPerProblemLow, let high = candidateTokensPerProblemHigh else {
                return "–"
            }
            return "\(low.fixed(1)) – \(high.fixed(1))"
        }
    }
}
