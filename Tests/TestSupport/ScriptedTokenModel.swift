public import ModelExecutor

/// A model whose every logit is a function of the exact tokens in its cache, and which refuses misuse.
///
/// Because logits depend on the whole history, any mix-up of sequences changes what is generated. Every rule that
/// the executor owes a model (consecutive positions, limits, ascending rows, cleared copy targets) is checked and
/// answered with `ExecutorError.modelFailed`. Bytes are tokens 0 to 255; the special ones follow.
public struct ScriptedTokenModel: TokenModel {
    public static let step: Token = 256
    public static let thinkOpen: Token = 257
    public static let thinkClose: Token = 258
    public static let end: Token = 259
    public static let assistant: Token = 260
    public static let vocabularySize = 261

    /// One thing that the model may say.
    public struct Completion: Sendable {
        /// May spell `<think>`, `</think>` and the step separator, which become their tokens.
        public var text: String
        /// How likely it is, relative to the others.
        public var weight: Double
        /// What the head will say of its steps, in order; 0.5 for further ones.
        public var stepScores: [Double]

        public init(_ text: String, weight: Double = 1, stepScores: [Double] = []) {
            self.text = text
            self.weight = weight
            self.stepScores = stepScores
        }
    }

    public let vocabulary: Vocabulary
    public let limits: ModelLimits
    public let head: ScoreHead?
    /// Fails the decode calls with these numbers, counted from 0.
    public var failingCalls: Set<Int> = []
    /// CPU time that each row pretends to take.
    public var cpuPerRow = Duration.milliseconds(1)
    public private(set) var decodedRows = 0
    public private(set) var calls = 0
    /// Cells in use, those shared by several sequences counted once.
    public private(set) var liveCells = 0
    public private(set) var mostLiveCells = 0

    private struct Cell {
        let token: Token
        let id: Int
    }

    private let behaviour: ScriptedBehaviour
    private var caches: [[Cell]]
    private var holders: [Int] = []
    private var logits: [[Float]?] = []
    private var residuals: [[Float]?] = []

    public init(
        _ behaviour: ScriptedBehaviour,
        limits: ModelLimits = ModelLimits(
            contextTokens: 512,
            sequences: 32,
            rowsPerBatch: 64,
            cells: 512 * 32
        ),
        thinks: Bool = true,
        promptOpensThinking: Bool = true,
        hasHead: Bool = true,
        calibration: Calibration? = nil
    ) throws(ExecutorError) {
        self.behaviour = behaviour
        self.limits = limits
        vocabulary = Vocabulary(
            size: Self.vocabularySize,
            endOfGeneration: [Self.end],
            step: [Self.step],
            thinkOpen: thinks ? Self.thinkOpen : nil,
            thinkClose: thinks ? Self.thinkClose : nil,
            promptOpensThinking: thinks && promptOpensThinking
        )
        // relu(f) - relu(-f) is f: the behaviour sets the head's logit directly.
        head =
            hasHead
            ? try ScoreHead(
                hiddenSize: 1,
                w1: [1, -1],
                b1: [0, 0],
                w2: [1, -1],
                b2: [0],
                calibration: calibration
            )
            : nil
        caches = Array(repeating: [], count: limits.sequences + limits.prefixSequences)
    }

    /// Sequences that hold anything.
    public var liveSequences: Int { caches.count { !$0.isEmpty } }

    public var promptEncoder: PromptEncoder {
        let opening = vocabulary.promptOpensThinking ? [Self.assistant, Self.thinkOpen] : [Self.assistant]
        return { messages in
            messages.flatMap { Self.tokens(of: $0.content, special: false) } + opening
        }
    }

    public func bytes(of token: Token) -> [UInt8] {
        switch token {
        case 0..<256: [UInt8(token)]
        case Self.step: Array(".\n\n".utf8)
        default: []
        }
    }

    public mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration {
        defer { calls += 1 }
        if failingCalls.contains(calls) { throw .modelFailed("scripted failure of call \(calls)") }
        guard !rows.isEmpty, rows.count <= limits.rowsPerBatch else {
            throw .modelFailed("a batch of \(rows.count) rows, \(limits.rowsPerBatch) allowed")
        }
        logits = []
        residuals = []
        var previous = 0
        for row in rows {
            guard row.sequence >= previous, row.sequence < caches.count else {
                throw .modelFailed("sequence \(row.sequence) after \(previous)")
            }
            previous = row.sequence
            try evaluate(row)
        }
        decodedRows += rows.count
        mostLiveCells = max(mostLiveCells, liveCells)
        guard liveCells <= limits.cells else {
            throw .modelFailed("\(liveCells) cells in use, \(limits.cells) allowed")
        }
        return cpuPerRow * rows.count
    }

    private mutating func evaluate(_ row: Row) throws(ExecutorError) {
        let expected = caches[row.sequence].count
        guard row.position == expected, row.position < limits.contextTokens else {
            throw .modelFailed("position \(row.position) of sequence \(row.sequence), \(expected) expected")
        }
        caches[row.sequence].append(Cell(token: row.token, id: holders.count))
        holders.append(1)
        liveCells += 1
        guard row.wantsOutput else {
            logits.append(nil)
            residuals.append(nil)
            return
        }
        let output = behaviour.output(after: caches[row.sequence].map(\.token))
        logits.append(output.logits)
        residuals.append(head == nil ? nil : [output.residual])
    }

    public func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        guard let values = logits[row] else { preconditionFailure("row \(row) asked for no output") }
        return values.withUnsafeBufferPointer(body)
    }

    public func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        guard let values = residuals[row] else { preconditionFailure("row \(row) has no residual") }
        return values.withUnsafeBufferPointer(body)
    }

    public mutating func copySequence(_ source: Int, to target: Int) {
        precondition(caches[target].isEmpty, "sequence \(target) is not cleared")
        caches[target] = caches[source]
        for cell in caches[source] { holders[cell.id] += 1 }
    }

    public mutating func truncateSequence(_ sequence: Int, to length: Int) {
        for cell in caches[sequence].dropFirst(length) {
            holders[cell.id] -= 1
            if holders[cell.id] == 0 { liveCells -= 1 }
        }
        caches[sequence].removeSubrange(min(length, caches[sequence].count)...)
    }

    public mutating func clearSequence(_ sequence: Int) { truncateSequence(sequence, to: 0) }

    /// The tokens of a text; tags become special tokens only where asked for.
    static func tokens(of text: String, special: Bool) -> [Token] {
        var pieces: [([UInt8], Token)] = [(Array(".\n\n".utf8), step)]
        if special {
            pieces += [(Array("<think>".utf8), thinkOpen), (Array("</think>".utf8), thinkClose)]
        }
        let bytes = Array(text.utf8)
        var tokens: [Token] = []
        var index = 0
        while index < bytes.count {
            if let (piece, token) = pieces.first(where: { bytes[index...].starts(with: $0.0) }) {
                tokens.append(token)
                index += piece.count
            } else {
                tokens.append(Token(bytes[index]))
                index += 1
            }
        }
        return tokens
    }
}
