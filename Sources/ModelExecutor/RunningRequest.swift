/// A request that waits, with everything that admission needs to know.
struct WaitingRequest {
    let handle: RequestHandle
    let request: GenerationRequest
    let prompt: [Token]
    let footprint: Footprint
    let submitted: ContinuousClock.Instant
}

/// A request that holds sequences.
struct RunningRequest {
    let handle: RequestHandle
    let request: GenerationRequest
    let prompt: [Token]
    let footprint: Footprint
    let rules: CandidateRules
    let submitted: ContinuousClock.Instant
    let admitted: ContinuousClock.Instant
    let isScored: Bool
    let firstPhase: Candidate.Phase
    /// Sequences it owns that no candidate uses now; when it runs in waves, candidates yet to start take them.
    var spare: [Int]
    /// Where the prompt is evaluated: candidate 0's sequence, or one of its own when it runs in waves.
    let promptSequence: Int
    var holdsPromptSequence = true
    var prefilled = 0
    var candidates: [Candidate] = []
    var started = 0
    var finished = 0
    /// The best finished candidate so far; the only finished one that keeps its sequence.
    var leader: Int?
    var winner: Int?
    var reservedCells: Int
    var cpuSeconds = 0.0
    var firstText: ContinuousClock.Instant?
    /// Set when the model gave something that cannot be sampled from.
    var failure: ExecutorError?

    init(
        _ waiting: WaitingRequest,
        vocabulary: Vocabulary,
        contextTokens: Int,
        isScored: Bool,
        sequences: [Int],
        admitted: ContinuousClock.Instant
    ) {
        handle = waiting.handle
        request = waiting.request
        prompt = waiting.prompt
        footprint = waiting.footprint
        submitted = waiting.submitted
        self.admitted = admitted
        self.isScored = isScored
        rules = CandidateRules(
            endOfGeneration: vocabulary.endOfGeneration,
            thinkOpen: vocabulary.thinks ? vocabulary.thinkOpen : nil,
            thinkClose: vocabulary.thinks ? vocabulary.thinkClose : nil,
            maxTokens: request.maxTokens,
            contextTokens: contextTokens,
            answersAlways: request.effort.k > 1 && request.effort.selection.needsAnswers
        )
        firstPhase = !vocabulary.thinks ? .answering : vocabulary.promptOpensThinking ? .thinking : .opening
        promptSequence = sequences[0]
        spare = Array(sequences.dropFirst())
        reservedCells = footprint.cells
        makeCandidates(vocabulary: vocabulary)
    }

    private mutating func makeCandidates(vocabulary: Vocabulary) {
        var finder = StepFinder(vocabulary: vocabulary)
        var seen = request.sampling.repetitionPenalty == 1 ? nil : SeenTokens(vocabularySize: vocabulary.size)
        for token in prompt {
            _ = finder.observe(token)
            seen?.insert(token)
        }
        let stops = request.stop.map { Array($0.utf8) }
        candidates = (0..<request.effort.k).map { index in
            Candidate(
                index: index,
                seed: request.sampling.seed,
                finder: finder,
                seen: seen,
                stops: stops,
                thinks: vocabulary.thinks
            )
        }
    }

    /// Prompt tokens to evaluate before candidates start. In waves each candidate evaluates the last one itself,
    /// because the distribution after it is gone when later candidates start.
    var prefillTarget: Int { footprint.keepsPrompt ? prompt.count - 1 : prompt.count }

    var isPrefilling: Bool { prefilled < prefillTarget }

    /// What selection looks at in a finished candidate.
    func standing(of candidate: Candidate) -> Standing {
        let votes = candidate.end == .stop && candidate.isComplete
        return Standing(
            index: candidate.index,
            isComplete: candidate.isComplete,
            score: isScored ? candidate.mean.value : nil,
            logProbability: candidate.logProbability,
            vote: votes && request.effort.selection.needsAnswers ? AnswerKey(candidate.text.text) : nil
        )
    }

    var compute: Compute {
        var compute = Compute(promptTokens: prefilled, cpu: .seconds(cpuSeconds))
        for candidate in candidates {
            compute.candidateTokens += candidate.thinkingTokens + candidate.answerTokens
            compute.scoredSteps += candidate.stepScores.count
        }
        if footprint.keepsPrompt, started > 0 { compute.promptTokens = prompt.count }
        if let winner {
            compute.answerTokens = candidates[winner].answerTokens
            compute.reasoningTokens = candidates[winner].thinkingTokens
        }
        return compute
    }

    func record(of candidate: Candidate, bytes: (Token) -> [UInt8]) -> CandidateRecord {
        let hasAnswered = candidate.index == winner || candidate.end == .stop || candidate.answerTokens > 0
        return CandidateRecord(
            index: candidate.index,
            score: isScored ? candidate.mean.value : nil,
            stepScores: candidate.stepScores,
            thinkingTokens: candidate.thinkingTokens,
            answerTokens: candidate.answerTokens,
            logProbability: candidate.logProbability,
            end: candidate.end,
            isComplete: candidate.isComplete,
            thinking: Self.text(of: candidate.thinking, bytes: bytes),
            answer: hasAnswered ? candidate.text.text : nil
        )
    }

    func result(winner: Int, bytes: (Token) -> [UInt8]) -> GenerationResult {
        let records = candidates.map { record(of: $0, bytes: bytes) }
        let chosen = records[winner]
        return GenerationResult(
            winner: winner,
            score: chosen.score,
            candidates: records,
            thinking: chosen.thinking,
            answer: chosen.answer ?? "",
            finishReason: chosen.end == .stop ? .stop : .length,
            compute: compute,
            queued: submitted.duration(to: admitted),
            firstToken: firstText.map { submitted.duration(to: $0) }
        )
    }

    static func text(of tokens: [Token], bytes: (Token) -> [UInt8]) -> String {
        var collected: [UInt8] = []
        collected.reserveCapacity(4 * tokens.count)
        for token in tokens { collected += bytes(token) }
        return String(decoding: collected, as: UTF8.self)
    }
}
