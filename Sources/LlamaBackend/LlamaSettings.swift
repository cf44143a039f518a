/// What an operator may set about the model's memory and threads.
public struct LlamaSettings: Sendable, Hashable {
    /// How the key-value cache is laid out.
    public enum Layout: String, Sendable, Hashable, CaseIterable {
        /// Per sequence if that fits `cacheBytes`, else unified.
        case automatic = "auto"
        /// A stream of cells for each sequence: candidates never attend over each other's cells, which decodes
        /// fastest, and forking a sequence copies its cells.
        case perSequence = "per_sequence"
        /// One pool of cells: forks share the prompt, and every candidate pays for masking the others' cells.
        case unified
    }

    /// How keys and values are stored.
    public enum CacheType: String, Sendable, Hashable, CaseIterable {
        /// llama.cpp's default.
        case half = "f16"
        /// Blocks of 32 eight-bit integers with a common scale: about half the memory.
        case eightBit = "q8_0"
        /// Twice the memory, and no rounding.
        case single = "f32"
    }

    /// Whether attention runs as one fused operation.
    public enum FlashAttention: String, Sendable, Hashable, CaseIterable {
        /// Where the device can.
        case automatic = "auto"
        case on
        case off
    }

    public var layout: Layout
    public var cacheType: CacheType
    public var flashAttention: FlashAttention
    /// Tokens that a sequence may hold; the model's own training length if that is less.
    public var contextTokens: Int
    /// Sequences alive at once. The largest k is 64, so fewer than 64 refuses the largest efforts; eight more keep
    /// small requests from waiting behind one of those.
    public var sequences: Int
    /// Prompts kept for later requests that begin alike. A model whose sequences can't be shortened keeps none.
    public var prefixSequences: Int
    /// Threads that decode; nil: chosen from the machine and the size of the model.
    public var threads: Int?
    /// Rows of one batch; bounds how long a long prompt holds the others up.
    public var rowsPerBatch: Int
    /// Memory for the key-value cache above which `automatic` shares one pool.
    public var cacheBytes: Int
    /// Layers to put on a GPU, where libllama was built with one; negative: all.
    public var gpuLayers: Int

    public init(
        layout: Layout = .automatic,
        cacheType: CacheType = .half,
        flashAttention: FlashAttention = .automatic,
        contextTokens: Int = 2048,
        sequences: Int = 72,
        prefixSequences: Int = 8,
        threads: Int? = nil,
        rowsPerBatch: Int = 512,
        cacheBytes: Int = 1 << 30,
        gpuLayers: Int = -1
    ) {
        self.layout = layout
        self.cacheType = cacheType
        self.flashAttention = flashAttention
        self.contextTokens = contextTokens
        self.sequences = sequences
        self.prefixSequences = prefixSequences
        self.threads = threads
        self.rowsPerBatch = rowsPerBatch
        self.cacheBytes = cacheBytes
        self.gpuLayers = gpuLayers
    }

    /// The most threads that decode: GGML_MAX_N_THREADS of the pinned release.
    public static let maximumThreads = 512
    /// The most sequences of a context, kept prompts among them: LLAMA_MAX_SEQ of the pinned release.
    public static let maximumSequences = 256

    /// Weights up to this size decode on one thread: the work between two barriers is then some microseconds,
    /// and a second thread that is descheduled at a barrier costs more than it brings.
    static let singleThreadWeightBytes = 32 << 20

    /// Threads for weights of this size on a machine with this many cores: one core stays free for the
    /// gateway, because as many threads as cores collapse as soon as anything else runs.
    func threads(weightBytes: Int, cores: Int) -> Int {
        if let threads { return min(max(1, threads), Self.maximumThreads) }
        if weightBytes <= Self.singleThreadWeightBytes { return 1 }
        return max(1, min(cores - 1, 16))
    }
}
