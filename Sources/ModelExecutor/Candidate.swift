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
    var text: AnswerText
    var generator: CandidateGenerator
    var seen: SeenTokens?
    private var finder: StepFinder
    private var openingBytes: [UInt8] = []

    init(index: Int, seed: UInt64, finder: StepFinder, seen: SeenTokens?, stops: [[UInt8]], thinks: Bool) {
        self.index = index
        self.finder = finder
        self.seen = seen
        generator = CandidateGenerator(seed: seed, candidate: index)
        text = AnswerText(stops: stops, trimsStart: thinks)
    }

    /// Whether the next batch should hold a row of it.
    var isRunning: Bool {
        switch phase {
        case .opening, .thinking, .answering: true
        case .waiting, .closed, .ended: false
        }
    }

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
    mutating func started(in phase: Phase, sequence: Int, pending: Token, position: Int) {
        precondition(self.phase == .waiting, "candidate \(index) started while \(self.phase)")
        self.phase = phase
        self.sequence = sequence
        self.pending = pending
        self.position = position
    }

    /// Whether the position that this token was drawn from is to be scored. To be asked once per sampled token.
    mutating func scoresStep(at token: Token) -> Bool { finder.observe(token) }

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
        }
    }

    private mutating func takeAnswer(_ token: Token, _ bytes: (Token) -> [UInt8]) {
        answerTokens += 1
        text.append(bytes(token))
        if text.isStopped { finish(.stop) }
    }
}
