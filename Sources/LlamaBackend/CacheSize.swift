/// How much the key-value cache would take with a whole context for every sequence.
struct CacheSize {
    var tokensPerSequence: Int
    /// Those of candidates and those that keep prompts.
    var sequences: Int
    var bytesPerToken: Int

    var cells: Int { tokensPerSequence * sequences }

    func layout(_ settings: LlamaSettings) -> LlamaSettings.Layout {
        guard settings.layout == .automatic else { return settings.layout }
        return cells * bytesPerToken <= settings.cacheBytes ? .perSequence : .unified
    }

    /// Cells of one pool: what the memory holds, at least one whole sequence, at most all of them.
    func pooledCells(_ settings: LlamaSettings) -> Int {
        max(tokensPerSequence, min(cells, settings.cacheBytes / max(1, bytesPerToken)))
    }
}
