import ModelExecutor
import Policy

/// The rounds of `bench load`.
struct MixedLoad: Sendable {
    let modes: [Mode]
    let concurrency: Int
    let rounds: Int
    let questions: PuzzleQuestions

    /// Candidates up to which a request counts as small: those that a larger one must not hold up.
    static let smallEffort = 2
    /// Lone large requests; enough for a second of decoding on a small model.
    private static let loneRequests = 8

    private struct Shot: Sendable {
        let question: Int
        let mode: Mode
    }

    private struct Hit: Sendable {
        let mode: Mode
        let answer: PuzzleQuestions.Answer
    }

    private struct Volley {
        let hits: [Hit]
        let seconds: Double

        func speed(_ tokens: KeyPath<PuzzleQuestions.Answer, Int>) -> Double {
            Double(hits.reduce(0) { $0 + $1.answer[keyPath: tokens] }) / seconds
        }
    }

    private struct Round {
        let large: Volley
        /// Nil where no mode is small.
        let small: Volley?
        let mixed: Volley
    }

    func report(_ backend: any GenerationBackend) async throws -> Report {
        let largest = modes.max { $0.k < $1.k } ?? .high
        _ = try await fire([Shot(question: 0, mode: largest)], at: 1, backend, "warm-up")
        var rounds: [Round] = []
        for number in 1...self.rounds {
            rounds.append(try await round(largest, backend, "round \(number) of \(self.rounds)"))
        }
        let hits = rounds.flatMap(\.mixed.hits)
        return Report(
            concurrency: concurrency,
            requests: questions.problems.count,
            rounds: rounds.count,
            modes: modes.map { mode in row(mode, hits) },
            loneMode: "\(largest.name)",
            candidateTokens: comparison(rounds) {
                ($0.mixed.speed(\.candidateTokens), $0.large.speed(\.candidateTokens))
            },
            evaluatedTokens: comparison(rounds) {
                ($0.mixed.speed(\.evaluatedTokens), $0.large.speed(\.evaluatedTokens))
            },
            smallP99Ms: comparison(rounds) { round in
                let beside = round.mixed.hits.filter { isSmall($0.mode) }
                return (milliseconds(beside, 0.99), milliseconds(round.small?.hits ?? [], 0.99))
            }
        )
    }

    /// All that is compared comes from one round, whatever else the machine does in another.
    private func round(_ largest: Mode, _ backend: any GenerationBackend, _ label: String) async throws
        -> Round
    {
        // Evenly mixed, and each mode with puzzles of its own.
        let mixture = questions.problems.indices.map { Shot(question: $0, mode: modes[$0 % modes.count]) }
        let small = mixture.filter { isSmall($0.mode) }
        let lone = (0..<Self.loneRequests).map { Shot(question: $0 % mixture.count, mode: largest) }
        let smallConcurrency = max(1, concurrency * modes.count(where: isSmall) / modes.count)
        return Round(
            large: try await fire(lone, at: 1, backend, "\(label), \(largest.name) alone"),
            small: small.isEmpty
                ? nil : try await fire(small, at: smallConcurrency, backend, "\(label), small alone"),
            mixed: try await fire(mixture, at: concurrency, backend, "\(label), mixed")
        )
    }

    private func isSmall(_ mode: Mode) -> Bool { mode.k <= Self.smallEffort }

    private func comparison(_ rounds: [Round], _ sides: (Round) -> (Double?, Double?)) -> Report.Comparison? {
        let pairs = rounds.map(sides).compactMap { mixed, alone in
            if let mixed, let alone { (mixed: mixed, alone: alone) } else { nil }
        }
        guard let mixed = pairs.map(\.mixed).quantile(0.5), let alone = pairs.map(\.alone).quantile(0.5),
            let ratio = pairs.map({ $0.mixed / $0.alone }).quantile(0.5)
        else { return nil }
        return Report.Comparison(mixed: mixed, alone: alone, ratio: ratio)
    }

    private func row(_ mode: Mode, _ hits: [Hit]) -> Report.Row {
        let own = hits.filter { $0.mode.name == mode.name }
        return Report.Row(
            mode: "\(mode.name)",
            k: mode.k,
            requests: own.count,
            p50Ms: milliseconds(own, 0.5),
            p99Ms: milliseconds(own, 0.99)
        )
    }

    private func milliseconds(_ hits: [Hit], _ share: Double) -> Double? {
        hits.map { $0.answer.seconds * 1000 }.quantile(share)
    }

    /// Keeps so many requests in flight until all shots are fired.
    private func fire(
        _ shots: [Shot],
        at concurrency: Int,
        _ backend: any GenerationBackend,
        _ label: String
    ) async throws -> Volley {
        var progress = Progress(label, total: shots.count)
        var waiting = shots[...]
        var hits: [Hit] = []
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Hit.self) { group in
            func launch() {
                guard let shot = waiting.popFirst() else { return }
                group.addTask {
                    let answer = try await questions.answer(shot.question, mode: shot.mode, by: backend)
                    return Hit(mode: shot.mode, answer: answer)
                }
            }
            for _ in 0..<concurrency { launch() }
            while let hit = try await group.next() {
                hits.append(hit)
                progress.show(hits.count)
                launch()
            }
        }
        return Volley(hits: hits, seconds: started.duration(to: .now) / .seconds(1))
    }
}

extension MixedLoad {
    /// Times are from submission to the whole answer.
    struct Report: Encodable {
        let concurrency: Int
        let requests: Int
        let rounds: Int
        let modes: [Row]
        let loneMode: String
        /// Per second.
        let candidateTokens: Comparison?
        /// Prompts counted too, of which small requests have more for each token of an answer; per second.
        let evaluatedTokens: Comparison?
        /// Nil where no mode is small.
        let smallP99Ms: Comparison?

        struct Row: Encodable {
            let mode: String
            let k: Int
            let requests: Int
            let p50Ms: Double?
            let p99Ms: Double?
        }

        /// Medians of the rounds, that of their ratios too.
        struct Comparison: Encodable {
            let mixed: Double
            let alone: Double
            let ratio: Double
        }

        func table(_ terminal: Terminal) -> String {
            let head = "mode            k   requests   p50 ms   p99 ms"
            let rows = modes.map { row in
                row.mode.padded(14) + "\(row.k)".padded(-3) + "\(row.requests)".padded(-11)
                    + (row.p50Ms?.fixed(0) ?? "–").padded(-9) + (row.p99Ms?.fixed(0) ?? "–").padded(-9)
            }
            let comparisons = [
                line(candidateTokens, "candidate tokens/s mixed", "of \(loneMode) requests one by one"),
                line(evaluatedTokens, "tokens/s with prompts mixed", "of \(loneMode) requests one by one"),
                line(smallP99Ms, "ms is small requests' p99 beside large ones", "alone"),
            ]
            return ([terminal.styled(head, .bold)] + rows + comparisons.compactMap(\.self))
                .joined(separator: "\n")
        }

        private func line(_ comparison: Comparison?, _ mixed: String, _ alone: String) -> String? {
            comparison.map {
                "\($0.mixed.fixed(0)) \(mixed), \($0.alone.fixed(0)) \(alone): ratio \($0.ratio.fixed(2))"
            }
        }
    }
}
