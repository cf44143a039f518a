internal import CLlama

/// What one token takes of the key-value cache, and what the cache's type asks of a model.
struct CacheShape: Sendable, Hashable {
    var layers: Int
    /// Heads that keys and values are stored for.
    var heads: Int
    /// Numbers in one head's key and in its value.
    var keyWidth: Int
    var valueWidth: Int

    /// Bytes of one token: keys and values of every layer.
    func bytesPerToken(_ type: LlamaSettings.CacheType) -> Int {
        layers * heads * (type.bytes(of: keyWidth) + type.bytes(of: valueWidth))
    }

    /// Throws what llama.cpp would refuse without saying which setting to change.
    func check(_ settings: LlamaSettings, model: String) throws(LlamaError) {
        guard settings.cacheType == .eightBit else { return }
        let block = LlamaSettings.CacheType.blockWidth
        guard settings.flashAttention != .off else {
            throw .unusableSettings(
                model: model,
                problem: "a q8_0 cache needs flash attention, which is off",
                remedy: "allow flash attention, or store keys and values as f16"
            )
        }
        for (name, width) in [("keys", keyWidth), ("values", valueWidth)] where width % block != 0 {
            throw .unusableSettings(
                model: model,
                problem:
                    "a q8_0 cache stores blocks of \(block) numbers, and its heads have \(name) of \(width)",
                remedy: "store keys and values as f16"
            )
        }
    }
}

extension LlamaSettings.CacheType {
    /// Numbers that share a scale in q8_0: QK8_0 of ggml.
    static let blockWidth = 32

    /// Bytes that this many numbers take.
    func bytes(of count: Int) -> Int {
        switch self {
        case .half: count * 2
        case .single: count * 4
        // Each block holds its numbers in a byte each, and a scale in 16 bits.
        case .eightBit: (count + Self.blockWidth - 1) / Self.blockWidth * (Self.blockWidth + 2)
        }
    }

    var ggml: ggml_type {
        switch self {
        case .half: GGML_TYPE_F16
        case .single: GGML_TYPE_F32
        case .eightBit: GGML_TYPE_Q8_0
        }
    }
}

extension LlamaSettings.FlashAttention {
    var llama: llama_flash_attn_type {
        switch self {
        case .automatic: LLAMA_FLASH_ATTN_TYPE_AUTO
        case .on: LLAMA_FLASH_ATTN_TYPE_ENABLED
        case .off: LLAMA_FLASH_ATTN_TYPE_DISABLED
        }
    }
}
