import Answers
import Gateway
import ModelExecutor
import Policy
import Stats

/// Generated puzzles as a benchmark asks them: the same for every side and every mode.
struct PuzzleQuestions: Sendable {
    let problems: [Problem]
    let seed: UInt64
    let maxTokens: Int

    /// The most puzzles of a benchmark: hours at the largest efforts.
    static let most = 10_000

    init(count: Int, seed: UInt64, maxTokens: Int) {
        var generator = PuzzleGenerator(random: SplitMix64(seed: seed))
        problems = (0..<count).map { _ in generator.next() }
        self.seed = seed
        self.maxTokens = maxTokens
    }

    func messages(_ index: Int) -> [ChatMessage] {
        [ChatMessage(role: .user, content: problems[index].prompt)]
    }

    /// What one question came to.
    struct Answer: Sendable {
        let isRight: Bool
        let candidateTokens: Int
        /// All tokens that the model evaluated for it: its candidates' and what no cache had of its prompt.
        let evaluatedTokens: Int
        let seconds: Double
    }

    func answer(_ index: Int, mode: Mode, by backend: any GenerationBackend) async throws -> Answer {
        let request = GenerationRequest(
            messages: messages(index),
            effort: Effort(mode),
            sampling: mode.sampling(seed: seed &+ UInt64(index), of: backend.model),
            maxTokens: maxTokens
        )
        let started = ContinuousClock.now
        let result = try await backend.result(of: request)
        return Answer(
            isRight: problems[index].accepts(result.answer),
            candidateTokens: result.compute.candidateTokens,
            evaluatedTokens: result.compute.candidateTokens + result.compute.promptTokens
                - result.compute.cachedTokens,
            seconds: started.duration(to: .now) / .seconds(1)
        )
    }
}

/// What the questions of one mode came to, as the benchmarks print it.
struct ModeTally: Sendable, Encodable {
    let mode: String
    let k: Int
    let questions: Int
    let accuracy: Double
    let accuracyLow: Double
    let accuracyHigh: Double
    let candidateTokens: Int
    /// Right answers for a thousand candidate tokens.
    let rightPerThousandTokens: Double

    init(_ mode: Mode, _ answers: [PuzzleQuestions.Answer]) {
        let right = answers.count(where: \.isRight)
        let interval = Counts(successes: right, trials: answers.count).wilsonInterval()
        self.mode = "\(mode.name)"
        k = mode.k
        questions = answers.count
        accuracy = Double(right) / Double(answers.count)
        accuracyLow = interval.lower
        accuracyHigh = interval.upper
        candidateTokens = answers.reduce(0) { $0 + $1.candidateTokens }
        rightPerThousandTokens = candidateTokens == 0 ? 0 : Double(right) * 1000 / Double(candidateTokens)
    }

    var accuracyText: String {
        "\((accuracy * 100).fixed(1))% (\((accuracyLow * 100).fixed(1)) – \((accuracyHigh * 100).fixed(1)))"
    }
}

extension Array where Element == Double {
    /// The smallest value that at least this share of the values does not exceed; nil for none.
    func quantile(_ share: Double) -> Double? {
        guard !isEmpty else { return nil }
        let rank = Int((share * Double(count)).rounded(.up))
        return sorted()[Swift.min(Swift.max(rank, 1), count) - 1]
    }
}
