/// A token id of the loaded model's vocabulary.
public typealias Token = Int32

/// The facts about a vocabulary that are resolved once, when the model is loaded.
public struct Vocabulary: Sendable, Hashable {
    /// Number of logits in a row.
    public var size: Int
    /// Every id after which the model has nothing more to say.
    public var endOfGeneration: Set<Token>
    /// The ids that end a step of thinking; empty when the tokenizer splits the separator.
    public var step: Set<Token>
    public var thinkOpen: Token?
    public var thinkClose: Token?
    /// Whether the chat template itself opens the thinking block, so that the first sampled token is thinking.
    public var promptOpensThinking: Bool

    public init(
        size: Int,
        endOfGeneration: Set<Token>,
        step: Set<Token> = [],
        thinkOpen: Token? = nil,
        thinkClose: Token? = nil,
        promptOpensThinking: Bool = false
    ) {
        self.size = size
        self.endOfGeneration = endOfGeneration
        self.step = step
        self.thinkOpen = thinkOpen
        self.thinkClose = thinkClose
        self.promptOpensThinking = promptOpensThinking
    }

    /// Whether candidates of this model think before they answer.
    public var thinks: Bool { thinkOpen != nil && thinkClose != nil }
}

/// How much the model can hold at once.
public struct ModelLimits: Sendable, Hashable {
    /// Tokens that one sequence may hold, prompt and output together.
    public var contextTokens: Int
    /// Sequences that may be alive at once; they are numbered from 0.
    public var sequences: Int
    /// Further sequences, numbered after those, that only ever hold prompts: of requests that run, and for later
    /// ones; 0 for a model whose sequences can't be shortened.
    public var prefixSequences: Int
    /// Rows that one call of `decode` accepts.
    public var rowsPerBatch: Int
    /// Key-value cells shared by all sequences.
    public var cells: Int

    public init(contextTokens: Int, sequences: Int, prefixSequences: Int = 0, rowsPerBatch: Int, cells: Int) {
        self.contextTokens = contextTokens
        self.sequences = sequences
        self.prefixSequences = prefixSequences
        self.rowsPerBatch = rowsPerBatch
        self.cells = cells
    }
}

/// One token to evaluate: which, where, and whether its logits and residual will be read.
public struct Row: Sendable, Hashable {
    public var token: Token
    public var position: Int
    public var sequence: Int
    public var wantsOutput: Bool

    public init(token: Token, position: Int, sequence: Int, wantsOutput: Bool) {
        self.token = token
        self.position = position
        self.sequence = sequence
        self.wantsOutput = wantsOutput
    }
}

/// Turns a conversation into its tokens in a model's chat template, up to where the model speaks.
///
/// Text of a message never becomes a control token, whatever it spells. It may be called on any thread while the
/// model decodes, so that a long text holds nobody's generation up, and refuses a text that can't fit unread.
public typealias PromptEncoder = @Sendable ([ChatMessage]) throws(ExecutorError) -> [Token]

/// A language model that the executor drives, one batch at a time, from one thread.
///
/// The executor keeps its side of the contract: positions of a sequence are consecutive from 0, rows come in
/// ascending order of sequence, a batch never exceeds `limits.rowsPerBatch`, a sequence never exceeds
/// `limits.contextTokens`, and `copySequence` always targets a cleared sequence. `TokenModelContract` in the
/// test support checks a conformer's side.
public protocol TokenModel {
    var vocabulary: Vocabulary { get }
    var limits: ModelLimits { get }
    /// The score head; nil for a model that cannot score its own steps.
    var head: ScoreHead? { get }

    /// What turns a conversation into this model's prompt.
    var promptEncoder: PromptEncoder { get }

    /// The bytes that a token stands for; empty for control tokens. May end inside a UTF-8 scalar.
    func bytes(of token: Token) -> [UInt8]

    /// Evaluates the rows in one batch and returns the CPU time spent; outputs stay readable until the next call.
    mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration

    /// The logits of a row of the last batch, by its index there; the row must have asked for output.
    func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result

    /// The residual stream leaving the second-to-last block, un-normed; only when the model has a head.
    func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result

    /// Gives the cleared sequence `target` everything that `source` has cached.
    mutating func copySequence(_ source: Int, to target: Int)

    /// Forgets what is cached for the sequence from position `length` on, so that it goes on from there.
    mutating func truncateSequence(_ sequence: Int, to length: Int)

    /// Forgets everything cached for the sequence, at once.
    mutating func clearSequence(_ sequence: Int)
}

extension TokenModel {
    /// The tokens of the conversation, up to where the model speaks.
    public func prompt(for messages: [ChatMessage]) throws(ExecutorError) -> [Token] {
        try promptEncoder(messages)
    }
}
