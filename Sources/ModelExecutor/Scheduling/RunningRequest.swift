/// A request that waits, with everything that admission needs to know.
struct WaitingRequest {
    let handle: RequestHandle
    let request: GenerationRequest
    let prompt: [Token]
    let submitted: ContinuousClock.Instant
    var footprint: Footprint
    /// Which of its efforts waits: 0 for the one asked for, i for `fallbacks[i - 1]`.
    var fallback = 0
    /// When that effort began to wait.
    var since: ContinuousClock.Instant

    var effort: Effort { fallback == 0 ? request.effort : request.fallbacks[fallback - 1] }

    var isBackground: Bool { request.tier == .background }
}

/// What the model said after the prompt, kept for candidates that start later.
struct PromptEnd {
    let logits: [Float]
    let residual: [Float]?
}

/// A request that holds sequences.
struct RunningRequest {
    let handle: RequestHandle
    let request: GenerationRequest
    let effort: Effort
    let fallback: Int
    let prompt: [Token]
    let footprint: Footprint
    let rules: CandidateRules
    let submitted: ContinuousClock.Instant
    let admitted: ContinuousClock.Instant
    let isScored: Bool
    let calibration: Calibration?
    let firstPhase: Candidate.Phase
    /// Holds the prompt while candidates are yet to start from it; nil once the last one took it over.
    var promptSequence: Int?
    /// Sequences that it holds for its next candidates.
    var spare: [Int]
    /// Lanes for which it holds cells.
    var lanes: Int
    var reservedCells: Int
    var prefilled = 0
    var cachedTokens = 0
    /// Prompt tokens that another kept prompt has too.
    var keptElsewhere = 0
    var promptEnd: PromptEnd?
    var candidates: [Candidate] = []
    var started = 0
    var finished = 0
    /// Candidates that may ever be started: k, or fewer once something put an end to it.
    var most: Int
    /// Candidates that may be started before the pick is judged.
    var stageEnd: Int
    var wave = 0
    var stoppedBy: StoppedBy?
    var tree = SearchTree()
    /// Tokens of trajectories that a beam search gave up, and their scored steps.
    var discardedTokens = 0
    var discardedSteps = 0
    /// The best finished candidate so far; the only finished one that keeps its sequence.
    var leader: Int?
    var winner: Int?
    var cpuSeconds = 0.0
    var firstText: ContinuousClock.Instant?
    /// For how long it has stood still since it was admitted, while others went first.
    private var stoodStill = Duration.zero
    private var standsSince: ContinuousClock.Instant?
    /// Set when the model gave something that cannot be sampled from.
    var failure: ExecutorError?
    private let finder: StepFinder
    private let seen: SeenTokens?
    private let stops: [[UInt8]]

    init(
        _ waiting: WaitingRequest,
        vocabulary: Vocabulary,
        head: ScoreHead?,
        contextTokens: Int,
        sequences: [Int],
        admitted: ContinuousClock.Instant
    ) {
        handle = waiting.handle
        request = waiting.request
        effort = waiting.effort
        fallback = waiting.fallback
        prompt = waiting.prompt
        footprint = waiting.footprint
        submitted = waiting.submitted
        self.admitted = admitted
        isScored = head != nil && !vocabulary.step.isEmpty
        calibration = head?.calibration
        rules = CandidateRules(
            endOfGeneration: vocabulary.endOfGeneration,
            thinkOpen: vocabulary.thinks ? vocabulary.thinkOpen : nil,
            thinkClose: vocabulary.thinks ? vocabulary.thinkClose : nil,
            maxTokens: request.maxTokens,
            contextTokens: contextTokens,
            answersAlways: effort.k > 1 && effort.selection.needsAnswers
        )
        firstPhase = !vocabulary.thinks ? .answering : vocabulary.promptOpensThinking ? .thinking : .opening
        promptSequence = sequences[0]
        spare = Array(sequences.dropFirst())
        lanes = footprint.lanes
        reservedCells = footprint.cells
        most = effort.k
        stageEnd = effort.escalation?.stages.first ?? effort.k
        stops = request.stop.map { Array($0.utf8) }
        var finder = StepFinder(vocabulary: vocabulary)
        var seen = request.sampling.repetitionPenalty == 1 ? nil : SeenTokens(vocabularySize: vocabulary.size)
        for token in prompt {
            _ = finder.observe(token)
            seen?.insert(token)
        }
        self.finder = finder
        self.seen = seen
        candidates = (0..<effort.k).map { fresh($0) }
    }

    /// A candidate that has not started.
    func fresh(_ index: Int) -> Candidate {
        Candidate(
            index: index,
            seed: request.sampling.seed,
            finder: finder,
            seen: seen,
            stops: stops,
            thinks: rules.thinkClose != nil,
            rung: firstRung
        )
    }

    /// The number of steps at which candidates are first compared; nil when they run on by themselves.
    var firstRung: Int? {
        if let pruning = effort.pruning { return pruning.afterSteps }
        if case .beam(let beam) = effort.search { return beam.everySteps }
        return nil
    }

    var isPrefilling: Bool { prefilled < prompt.count }

    /// Whether it runs only while nobody else does.
    var isBackground: Bool { request.tier == .background }

    /// Counts the time in which it stands still.
    mutating func stand(still: Bool, now: ContinuousClock.Instant) {
        if still {
            standsSince = standsSince ?? now
        } else if let since = standsSince {
            stoodStill += since.duration(to: now)
            standsSince = nil
        }
    }

    /// Candidates that hold a lane.
    var active: Int { candidates.prefix(started).count { $0.sequence != nil } }

    /// Rows that it would have in the next batch.
    var runningCandidates: Int { candidates.prefix(started).count { $0.isRunning } }

    /// What selection looks at in a finished candidate.
    func standing(of candidate: Candidate) -> Standing {
        let votes = candidate.end == .stop && candidate.isComplete
        return Standing(
            index: candidate.index,
            isComplete: candidate.isComplete,
            score: isScored ? candidate.mean.value : nil,
            logProbability: candidate.logProbability,
            vote: votes && effort.selection.needsAnswers ? AnswerKey(candidate.text.text) : nil
        )
    }

    /// Those among which the pick is made: all that were started, but for those cut or given up on the way.
    var standings: [Standing] {
        let all = candidates.prefix(started)
        let whole = all.filter { $0.end != .pruned && $0.end != .cancelled }
        return (whole.isEmpty ? Array(all) : whole).map { standing(of: $0) }
    }

    /// How likely the pick among the finished candidates is right; nil where nothing tells.
    var confidence: Double? {
        if effort.selection.needsAnswers, effort.k > 1 {
            let standings = standings
            let pick = effort.selection.winner(among: standings)
            return Agreement.confidence(
                in: standings.first { $0.index == pick }?.vote,
                among: standings.compactMap(\.vote)
            )
        }
        guard effort.selection == .bestScore, let calibration, let pick = winner ?? leader else { return nil }
        let candidate = candidates[pick]
        return candidate.isComplete ? calibration.probability(of: candidate.mean.value) : 0
    }

    var compute: Compute {
        var compute = Compute(
            promptTokens: prefilled,
            cachedTokens: cachedTokens,
            candidateTokens: discardedTokens,
            scoredSteps: discardedSteps,
            cpu: .seconds(cpuSeconds)
        )
        for candidate in candidates.prefix(started) {
            compute.candidateTokens += candidate.sampledTokens
            compute.scoredSteps += candidate.stepScores.count - (candidate.branch?.step ?? 0)
        }
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
            cutAtStep: candidate.cutAtStep,
            branch: candidate.branch,
            isComplete: candidate.isComplete,
            thinking: Self.text(of: candidate.thinking, bytes: bytes),
            answer: hasAnswered ? candidate.text.text : nil
        )
    }

    func result(winner: Int, bytes: (Token) -> [UInt8]) -> GenerationResult {
        let records = candidates.prefix(started).map { record(of: $0, bytes: bytes) }
        let chosen = records[winner]
        return GenerationResult(
            winner: winner,
            score: chosen.score,
            fallback: fallback,
            confidence: confidence,
            stoppedBy: stoppedBy,
            candidates: records,
            thinking: chosen.thinking,
            answer: chosen.answer ?? "",
            finishReason: chosen.end == .stop ? .stop : .length,
            compute: compute,
            queued: submitted.duration(to: admitted) + stoodStill,
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
