internal import CLlama
public import ModelExecutor

/// A GGUF model on llama.cpp, with the score head that was trained for it if there is one.
///
/// A handle on one context: copies share it. It belongs to one thread at a time, which `ModelSession` sees to.
public struct LlamaModel: TokenModel {
    public let vocabulary: Vocabulary
    public let limits: ModelLimits
    public let head: ScoreHead?
    /// Sampling that the model's file recommends; nil where it says nothing.
    public let recommendedSampling: RecommendedSampling?
    public let parameterCount: Int
    /// Threads that decode, as chosen or asked for.
    public let threads: Int
    public let promptEncoder: PromptEncoder
    private let tokenizer: LlamaTokenizer
    private let context: LlamaContext

    /// Loads the model, and checks that the head was made for it.
    ///
    /// `digest` is the SHA-256 of the model's file in hex, if known; a head made for another file is then refused.
    public init(
        _ source: ModelSource,
        head: HeadFile? = nil,
        digest: String? = nil,
        settings: LlamaSettings = LlamaSettings()
    ) throws(LlamaError) {
        let weights = try LlamaWeights(source: source, gpuLayers: settings.gpuLayers)
        guard let template = ChatTemplate(weights: weights) else {
            throw .noChatTemplate(model: source.name)
        }
        tokenizer = LlamaTokenizer(weights: weights, template: template.text)
        let stepText = head?.stepText ?? LlamaTokenizer.defaultStepText
        let step = tokenizer.single(stepText)
        try head?.check(
            belongsTo: (width: weights.width, layers: weights.layers, digest: digest),
            stepIsOneToken: step != nil
        )
        context = try LlamaContext(weights: weights, settings: settings, tappedBlock: head?.layer)
        self.head = head?.head
        limits = context.limits
        let prompts = LlamaPrompts(
            tokenizer: tokenizer,
            template: template,
            contextTokens: limits.contextTokens
        )
        promptEncoder = { messages throws(ExecutorError) in try prompts.tokens(of: messages) }
        threads = context.threads
        parameterCount = weights.parameterCount
        recommendedSampling = RecommendedSampling(weights: weights)
        vocabulary = Vocabulary(
            size: tokenizer.size,
            endOfGeneration: tokenizer.endOfGeneration,
            step: step.map { [$0] } ?? [],
            thinkOpen: tokenizer.thinkOpen,
            thinkClose: tokenizer.thinkClose,
            promptOpensThinking: template.opensThinking && tokenizer.thinkOpen != nil
        )
    }

    /// Whether llama.cpp cuts a batch where sequence numbers have a gap, as it does with a stream per sequence.
    ///
    /// Each cut is one more graph to build and run, so the executor keeps the numbers together.
    public var splitsBatchesAtGaps: Bool { !context.isUnified }

    /// Whether all sequences share one pool of cells.
    public var isUnified: Bool { context.isUnified }

    /// What one cell of the key-value cache takes.
    public var cacheBytesPerToken: Int { context.cacheBytesPerToken }

    public func bytes(of token: Token) -> [UInt8] { tokenizer.bytes(of: token) }

    public mutating func decode(_ rows: [Row]) throws(ExecutorError) -> Duration {
        try context.decode(rows)
    }

    public func withLogits<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        body(UnsafeBufferPointer(start: context.logits(row: row), count: vocabulary.size))
    }

    public func withResidual<Result>(row: Int, _ body: (UnsafeBufferPointer<Float>) -> Result) -> Result {
        body(context.residual(row: row))
    }

    public mutating func copySequence(_ source: Int, to target: Int) {
        context.copySequence(source, to: target)
    }

    public mutating func truncateSequence(_ sequence: Int, to length: Int) {
        context.truncateSequence(sequence, to: length)
    }

    public mutating func clearSequence(_ sequence: Int) { context.clearSequence(sequence) }

    /// Positions cached for the sequence.
    public func cachedPositions(of sequence: Int) -> Int { context.cachedPositions(of: sequence) }
}

/// How a model's file asks to be sampled.
public struct RecommendedSampling: Sendable, Hashable {
    public var temperature: Double?
    public var topP: Double?
    public var repetitionPenalty: Double?

    init?(weights: LlamaWeights) {
        func value(_ key: String) -> Double? {
            weights.metadata("headgate.sampling.\(key)").flatMap(Double.init)
        }
        temperature = value("temperature")
        topP = value("top_p")
        repetitionPenalty = value("repetition_penalty")
        if temperature == nil, topP == nil, repetitionPenalty == nil { return nil }
    }
}
