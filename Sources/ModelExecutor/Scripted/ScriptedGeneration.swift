/// The events of one scripted request, made on demand from its prompt and seed.
struct ScriptedGeneration: Sendable {
    private let k: Int
    private let winner: Int
    private let promptTokens: Int
    private let candidates: [CandidateRecord]
    private let pieces: [String]
    private let directives: ScriptedDirectives
    private let invalid: ExecutorError?

    /// Tokens that one canned step pretends to have.
    private static let tokensPerStep = 8

    init(_ request: GenerationRequest, directives: ScriptedDirectives, contextTokens: Int) {
        self.directives = directives
        let bytes = request.messages.reduce(0) { $0 + $1.content.utf8.count }
        // A token of English text is about four bytes.
        promptTokens = bytes / 4 + 1
        var invalid = directives.failure
        do throws(ExecutorError) {
            try request.validate()
            if promptTokens >= contextTokens {
                throw .promptTooLong(tokens: promptTokens, limit: contextTokens - 1)
            }
        } catch { invalid = error }
        self.invalid = invalid
        k = invalid == nil ? request.effort.k : 0
        let seed = request.messages.reduce(request.sampling.seed) { Self.hash($1.content, seed: $0) }
        let answersAll = request.effort.selection.needsAnswers
        let ending = directives.endsByLength ? CandidateEnd.length : .stop
        var candidates = (0..<k).map { index in
            Self.candidate(index, seed: seed, canned: directives.answer, end: answersAll ? ending : .closed)
        }
        let standings = candidates.map { candidate in
            Standing(
                index: candidate.index,
                isComplete: true,
                score: candidate.score,
                logProbability: candidate.logProbability,
                vote: answersAll ? AnswerKey(candidate.answer ?? "") : nil
            )
        }
        winner = request.effort.selection.winner(among: standings) ?? 0
        let answer = candidates.isEmpty ? "" : candidates[winner].answer ?? ""
        pieces = answer.split(separator: " ").enumerated().map {
            $0.offset == 0 ? "\($0.element)" : " \($0.element)"
        }
        for index in candidates.indices where !answersAll {
            candidates[index].end = index == winner ? ending : .closed
            if index != winner {
                candidates[index].answer = nil
                candidates[index].answerTokens = 0
            }
        }
        self.candidates = candidates
    }

    /// How long to wait before event number `index`.
    func wait(before index: Int, directives: ScriptedDirectives) -> Duration {
        if index == 0 { return directives.delay }
        return (k + 2..<k + 2 + pieces.count).contains(index) ? directives.pause : .zero
    }

    /// What had been spent before event number `index`.
    func spent(at index: Int) -> Compute {
        if invalid == nil, index > k + 2 + pieces.count { return result(elapsed: .zero).compute }
        var compute = Compute(promptTokens: index > 0 ? promptTokens : 0)
        for candidate in candidates.prefix(max(0, index - 1)) {
            compute.candidateTokens += candidate.thinkingTokens
            compute.scoredSteps += candidate.stepScores.count
        }
        compute.cpu = Self.cpu(of: compute)
        return compute
    }

    private static func cpu(of compute: Compute) -> Duration {
        .microseconds(compute.promptTokens + compute.candidateTokens)
    }

    /// Event number `index`; nil past the last.
    func event(_ index: Int, elapsed: () -> Duration) throws(ExecutorError) -> GenerationEvent? {
        if let invalid {
            if index == 0 { throw invalid }
            return nil
        }
        let piece = index - k - 2
        switch index {
        case 0: return .prefilled(Prefilled(promptTokens: promptTokens))
        case 1...k: return .candidateFinished(finished: index, of: k)
        case k + 1:
            let chosen = candidates[winner]
            return .selected(Selected(winner: winner, score: chosen.score, thinking: chosen.thinking))
        default:
            if piece == 1 || piece == pieces.count, directives.breaksMidway {
                throw .modelFailed("scripted failure in the middle of an answer")
            }
            if piece < pieces.count { return .answer(pieces[piece]) }
            return piece == pieces.count ? .finished(result(elapsed: elapsed())) : nil
        }
    }

    private func result(elapsed: Duration) -> GenerationResult {
        let chosen = candidates[winner]
        var compute = Compute(
            promptTokens: promptTokens,
            answerTokens: chosen.answerTokens,
            reasoningTokens: chosen.thinkingTokens
        )
        for candidate in candidates {
            compute.candidateTokens += candidate.thinkingTokens + candidate.answerTokens
            compute.scoredSteps += candidate.stepScores.count
        }
        compute.cpu = Self.cpu(of: compute)
        return GenerationResult(
            winner: winner,
            score: chosen.score,
            candidates: candidates,
            thinking: chosen.thinking,
            answer: pieces.joined(),
            finishReason: directives.endsByLength ? .length : .stop,
            compute: compute,
            queued: .zero,
            firstToken: pieces.isEmpty ? nil : elapsed
        )
    }

    private static func candidate(
        _ index: Int,
        seed: UInt64,
        canned: String?,
        end: CandidateEnd
    ) -> CandidateRecord {
        var generator = CandidateGenerator(seed: seed, candidate: index)
        let steps = 2 + Int(generator.nextUniform() * 3)
        var mean = GeometricMean()
        let scores = (0..<steps).map { _ in
            let score = generator.nextUniform()
            mean.add(score)
            return score
        }
        let answer = canned ?? "The scripted answer is \(Int(generator.nextUniform() * 10))"
        return CandidateRecord(
            index: index,
            score: mean.value,
            stepScores: scores,
            thinkingTokens: steps * tokensPerStep,
            answerTokens: answer.utf8.count / 4 + 1,
            logProbability: -10 * generator.nextUniform(),
            end: end,
            isComplete: true,
            thinking: String(repeating: "One more scripted step.\n\n", count: steps),
            answer: answer
        )
    }

    /// FNV-1a, so that the same words give the same script on every machine.
    private static func hash(_ text: String, seed: UInt64) -> UInt64 {
        var hash = seed ^ 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
