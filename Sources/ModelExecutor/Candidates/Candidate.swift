/// What all candidates of one request have in common.
struct CandidateRules: Sendable {
    let endOfGeneration: Set<Token>
    let thinkOpen: Token?
    let thinkClose: Token?
    let maxTokens: Int
    let contextTokens: Int
    /// Whether a candidate goes on to its answer by itself, because answers will be compared.
    let answersAlways: Bool
}

/// Where a candidate stood when a step of it ended: all that a branch needs to go on from there.
struct StepMark: Sendable {
    /// Of the token that ended the step, which is sampled and not yet evaluated.
    let position: Int
    let thinking: Int
    let tokens: Int
    let logProbability: Double
    let finder: StepFinder
}

/// One sampled trajectory: a state machine that takes sampled tokens and knows when it is over.
///
/// It holds no model and draws nothing; the board feeds it. Positions: `pending` is the token that is sampled but
/// not yet evaluated, to be evaluated at `position`.
struct Candidate: Sendable {
    enum Phase: Sendable, Equatable {
        /// Has no sequence yet.
        case waiting
        /// The model may open a thinking block or answer at once; nothing but white space so far.
        case opening
        case thinking
        /// Thinking is closed; waits to be selected.
        case closed
        case answering
        case ended(CandidateEnd)
    }

    let index: Int
    private(set) var phase = Phase.waiting
    /// Where its cached state lives; nil before it starts and after it was freed.
    var sequence: Int?
    private(set) var pending: Token = 0
    private(set) var position = 0
    private(set) var thinking: [Token] = []
    private(set) var thinkingTokens = 0
    private(set) var answerTokens = 0
    private(set) var logProbability = 0.0
    private(set) var stepScores: [Double] = []
    private(set) var mean = GeometricMean()
    private(set) var hasClosedThinking = false
    private(set) var isCounted = false
    /// Which of its request's starts it belongs to; those of one wave started together.
    private(set) var wave = 0
    /// The next number of steps at which it is compared with its siblings; nil if it never is.
    private(set) var rung: Int?
    /// Whether it waits there for them.
    private(set) var isHeld = false
    /// The rung that it did not survive, or would not have in a request that audits its pruning.
    private(set) var cutAtStep: Int?
    /// Where it left another's trajectory, and how many tokens it did not have to sample for that.
    private(set) var branch: Branch?
    private(set) var inheritedTokens = 0
    var text: AnswerText
    var generator: CandidateGenerator
    var seen: SeenTokens?
    private var finder: StepFinder
    private var marks: [StepMark] = []
    private var openingBytes: [UInt8] = []

    init(
        index: Int,
        seed: UInt64,
        finder: StepFinder,
        seen: SeenTokens?,
        stops: [[UInt8]],
        thinks: Bool,
        rung: Int?
    ) {
        self.index = index
        self.rung = rung
        self.finder = finder
        self.seen = seen
        generator = CandidateGenerator(seed: seed, candidate: index)
        text = AnswerText(stops: stops, trimsStart: thinks)
    }

    /// Whether the next batch should hold a row of it.
    var isRunning: Bool {
        switch phase {
        case .opening, .thinking, .answering: !isHeld
        case .waiting, .closed, .ended: false
        }
    }

    /// Whether it may yet close its thinking.
    var isThinking: Bool { phase == .opening || phase == .thinking }

    /// Tokens that were sampled for it.
    var sampledTokens: Int { thinkingTokens + answerTokens - inheritedTokens }

    /// Whether it has nothing more to say before the selection.
    var isFinished: Bool {
        switch phase {
        case .closed, .ended: true
        case .waiting, .opening, .thinking, .answering: false
        }
    }

    var end: CandidateEnd {
        switch phase {
        case .ended(let end): end
        case .closed: .closed
        case .waiting, .opening, .thinking, .answering: .cancelled
        }
    }

    /// Whether its thinking is closed, or it said all it had to say without any.
    var isComplete: Bool { hasClosedThinking || (phase == .ended(.stop) && thinkingTokens == 0) }

    /// Begins in `phase`, the last prompt token being `pending`, evaluated already or to be evaluated.
    mutating func started(in phase: Phase, sequence: Int, pending: Token, position: Int, wave: Int) {
        precondition(self.phase == .waiting, "candidate \(index) started while \(self.phase)")
        self.phase = phase
        self.sequence = sequence
        self.pending = pending
        self.position = position
        self.wave = wave
    }

    /// Begins as a copy of another's first steps, whose cells the sequence holds already.
    mutating func branched(off other: Candidate, after step: Int, sequence: Int, wave: Int) {
        precondition(phase == .waiting, "candidate \(index) branched while \(phase)")
        let mark = other.marks[step - 1]
        phase = .thinking
        self.sequence = sequence
        self.wave = wave
        branch = Branch(candidate: other.index, step: step)
        thinking = Array(other.thinking.prefix(mark.thinking))
        pending = thinking[mark.thinking - 1]
        position = mark.position
        thinkingTokens = mark.tokens
        inheritedTokens = mark.tokens
        logProbability = mark.logProbability
        finder = mark.finder
        marks = Array(other.marks.prefix(step))
        for score in other.stepScores.prefix(step) { scored(score) }
        for token in thinking { seen?.insert(token) }
    }

    /// Tokens that another's sequence holds up to this step.
    func position(afterStep step: Int) -> Int { marks[step - 1].position }

    /// Whether the position that this token was drawn from is to be scored. To be asked once per sampled token.
    ///
    /// Steps are of the thinking; only where a model never thinks they are of the answer.
    mutating func scoresStep(at token: Token, under rules: CandidateRules) -> Bool {
        let isStep = finder.observe(token)
        return isStep && (phase == .thinking || rules.thinkClose == nil)
    }

    /// Steps after which others may branch off.
    var markedSteps: Int { marks.count }

    mutating func scored(_ score: Double) {
        stepScores.append(score)
        mean.add(score)
    }

    /// Takes the token drawn after `pending`.
    mutating func sampled(_ sample: SampledToken, under rules: CandidateRules, bytes: (Token) -> [UInt8]) {
        precondition(isRunning, "candidate \(index) sampled while \(phase)")
        logProbability += sample.logProbability
        let token = sample.token
        if rules.endOfGeneration.contains(token) {
            finish(.stop)
            return
        }
        seen?.insert(token)
        pending = token
        position += 1
        switch phase {
        case .opening: takeOpening(token, rules, bytes)
        case .thinking: takeThinking(token, rules)
        case .answering: takeAnswer(token, bytes)
        case .waiting, .closed, .ended: break
        }
        if isRunning, isExhausted(rules) { finish(.length) }
    }

    /// The score that its first steps alone would have.
    func score(ofFirst count: Int) -> Double {
        var mean = GeometricMean()
        for score in stepScores.prefix(count) { mean.add(score) }
        return mean.value
    }

    /// Stops at its rung until its siblings have come as far.
    mutating func hold() {
        precondition(phase == .thinking, "candidate \(index) held while \(phase)")
        isHeld = true
    }

    /// Passes its rung.
    mutating func goOn(to rung: Int) {
        isHeld = false
        self.rung = rung
    }

    /// Takes note that it did not survive a rung; it ends there unless the request only audits its pruning.
    mutating func cut(atStep step: Int, isAudit: Bool) {
        cutAtStep = step
        guard !isAudit else { return }
        finish(.pruned)
    }

    /// Ends it where it is, because the answer can't wait for it.
    mutating func cutShort() {
        guard !isFinished, phase != .waiting else { return }
        isHeld = false
        finish(.cancelled)
    }

    /// Goes on from its closed thinking to the answer.
    mutating func selected(under rules: CandidateRules) {
        guard phase == .closed else { return }
        phase = .answering
        if isExhausted(rules) { finish(.length) }
    }

    /// Notes that its end was reported; true the first time.
    mutating func countedAsFinished() -> Bool {
        defer { isCounted = true }
        return !isCounted
    }

    private func isExhausted(_ rules: CandidateRules) -> Bool {
        thinkingTokens + answerTokens >= rules.maxTokens || position >= rules.contextTokens
    }

    private mutating func finish(_ end: CandidateEnd) {
        if phase == .opening { text.append(openingBytes) }
        text.finish()
        phase = .ended(end)
    }

    private mutating func takeOpening(_ token: Token, _ rules: CandidateRules, _ bytes: (Token) -> [UInt8]) {
        if token == rules.thinkOpen {
            thinkingTokens = answerTokens + 1
            answerTokens = 0
            openingBytes = []
            phase = .thinking
            return
        }
        openingBytes += bytes(token)
        answerTokens += 1
        if !openingBytes.allSatisfy(AnswerText.isWhiteSpace) {
            phase = .answering
            text.append(openingBytes)
            if text.isStopped { finish(.stop) }
        }
    }

    private mutating func takeThinking(_ token: Token, _ rules: CandidateRules) {
        thinkingTokens += 1
        if token == rules.thinkClose {
            hasClosedThinking = true
            phase = rules.answersAlways ? .answering : .closed
        } else {
            thinking.append(token)
            guard marks.count < stepScores.count else { return }
            marks.append(
                StepMark(
                    position: position,
                    thinking: thinking.count,
                    tokens: thinkingTokens,
                    logProbability: logProbability,
                    finder: finder
                )
            )
        }
    }

    private mutating func takeAnswer(_ token: Token, _ bytes: (Token) -> [UInt8]) {
        answerTokens += 1
        text.append(bytes(token))
        if text.isStopped { finish(.stop) }
    }
}
