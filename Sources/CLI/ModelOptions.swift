import ArgumentParser
import LlamaBackend

/// Which model runs in this process, and with what of the machine.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Model to run instead of the built-in one.", valueName: "gguf"))
    var model: String?

    @Option(
        help: ArgumentHelp("Score head of --model; without one only unscored modes work.", valueName: "gguf")
    )
    var head: String?

    @Option(help: "Tokens of one candidate, prompt included; 512 for the built-in model, else 2048.")
    var context: Int?

    @Option(help: "Candidates alive at once.")
    var sequences = 72

    @Option(help: "Prompts kept for later requests that begin alike.")
    var prefixSequences = 8

    @Option(help: "Threads that decode; chosen from the machine and the model when left out.")
    var threads: Int?

    @Option(help: "Layers to put on a GPU, where libllama was built for one; -1 is all.")
    var gpuLayers = -1

    @Option(help: "How the key-value cache is laid out; auto is per_sequence while that takes up to 1 GiB.")
    var kvLayout = LlamaSettings.Layout.automatic

    @Option(help: "How keys and values are stored; q8_0 takes half the memory of f16.")
    var kvType = LlamaSettings.CacheType.half

    @Option(help: "Whether attention runs as one fused operation; auto is where the device can.")
    var flashAttention = LlamaSettings.FlashAttention.automatic

    func validate() throws {
        guard head == nil || model != nil else {
            throw ValidationError("--head belongs to a --model; the built-in model has its own")
        }
        guard context.map({ (64...1_048_576).contains($0) }) ?? true else {
            throw ValidationError("--context must be 64 to 1048576")
        }
        let most = LlamaSettings.maximumSequences
        guard (1...most).contains(sequences) else {
            throw ValidationError("--sequences is \(sequences); choose 1 to \(most)")
        }
        guard (0...most - sequences).contains(prefixSequences) else {
            throw ValidationError(
                "--prefix-sequences is \(prefixSequences); with --sequences \(sequences) choose 0 to \(most - sequences)"
            )
        }
        guard kvType != .eightBit || flashAttention != .off else {
            throw ValidationError("--kv-type q8_0 needs flash attention; use --flash-attention auto or on")
        }
        try Self.check(threads: threads)
    }

    static func check(threads: Int?) throws {
        let most = LlamaSettings.maximumThreads
        guard threads.map({ (1...most).contains($0) }) ?? true else {
            throw ValidationError("--threads must be 1 to \(most)")
        }
    }

    /// A puzzle with its thinking takes about 100 tokens; cells beyond this would only take memory.
    static let builtInContext = 512
    static let defaultContext = 2048

    var settings: LlamaSettings {
        LlamaSettings(
            layout: kvLayout,
            cacheType: kvType,
            flashAttention: flashAttention,
            contextTokens: context ?? (model == nil ? Self.builtInContext : Self.defaultContext),
            sequences: sequences,
            prefixSequences: prefixSequences,
            threads: threads,
            gpuLayers: gpuLayers
        )
    }

    func load() throws(LlamaError) -> LoadedModel {
        try LoadedModel(path: model, head: head, settings: settings)
    }
}
