import ModelExecutor
import Policy

/// The three runs of `bench load`.
struct MixedLoad: Sendable {
    let modes: [Mode]
    let concurrency: Int
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

    func report(_ backend: any GenerationBackend) async throws -> Report {
        let largest = modes.max { $0.k < $1.k } ?? .high
        // Evenly mixed, and each mode with puzzles of its own.
        let mixture = questions.problems.indices.map { Shot(question: $0, mode: modes[$0 % modes.count]) }
        let small = mixture.filter { $0.mode.k <= Self.smallEffort }
        let smallModes = modes.count { $0.k <= Self.smallEffort }
        let lone = (0..<Self.loneRequests).map { Shot(question: $0 % mixture.count, mode: largest) }
        _ = try await fire([lone[0]], at: 1, backend, "warm-up")
        let large = try await fire(lone, at: 1, backend, "\(largest.name) alone")
        let alone =
            small.isEmpty
            ? nil
            : try await fire(
                small,
                at: max(1, concurrency * smallModes / modes.count),
                backend,
                "small alone"
            )
        let mixed = try await fire(mixture, at: concurrency, backend, "mixed")
        let smallMixed = mixed.hits.filter { $0.mode.k <= Self.smallEffort }
        return Report(
            concurrency: concurrency,
            requests: mixture.count,
            modes: modes.map { mode in row(mode, mixed.hits) },
            loneMode: "\(largest.name)",
            loneTokensPerSecond: large.tokensPerSecond,
            mixedTokensPerSecond: mixed.tokensPerSecond,
            tokensPerSecondRatio: mixed.tokensPerSecond / large.tokensPerSecond,
            smallAloneP99Ms: alone.flatMap { milliseconds($0.hits, 0.99) },
            smallMixedP99Ms: milliseconds(smallMixed, 0.99)
        )
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
    ) async throws -> (hits: [Hit], tokensPerSecond: Double) {
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
        let seconds = started.duration(to: .now) / .seconds(1)
        return (hits, Double(hits.reduce(0) { $0 + $1.answer.candidateTokens }) / seconds)
    }
}

extension MixedLoad {
    /// Times are from submission to the whole answer.
    struct Report: Encodable {
        let concurrency: Int
        let requests: Int
        let modes: [Row]
        let loneMode: String
        let loneTokensPerSecond: Double
        let mixedTokensPerSecond: Double
        let tokensPerSecondRatio: Double
        /// Nil where no mode is small.
        let smallAloneP99Ms: Double?
        let smallMixedP99Ms: Double?

        struct Row: Encodable {
            let mode: String
            let k: Int
            let requests: Int
            let p50Ms: Double?
            let p99Ms: Double?
        }

        func table(_ terminal: Terminal) -> String {
            let head = "mode            k   requests   p50 ms   p99 ms"
            let rows = modes.map { row in
                row.mode.padded(14) + "\(row.k)".padded(-3) + "\(row.requests)".padded(-11)
                    + (row.p50Ms?.fixed(0) ?? "–").padded(-9) + (row.p99Ms?.fixed(0) ?? "–").padded(-9)
            }
            let speed =
                "\(mixedTokensPerSecond.fixed(0)) tokens/s mixed, \(loneTokensPerSecond.fixed(0)) of "
                + "\(loneMode) requests one by one: ratio \(tokensPerSecondRatio.fixed(2))"
            return ([terminal.styled(head, .bold)] + rows + [speed, small].compactMap(\.self))
                .joined(separator: "\n")
        }

        private var small: String? {
            guard let alone = smallAloneP99Ms, let mixed = smallMixedP99Ms else { return nil }
            return
                "small requests' p99 \(mixed.fixed(0)) ms beside large ones, \(alone.fixed(0)) ms alone: ratio "
                + (mixed / alone).fixed(2)
        }
    }
}
