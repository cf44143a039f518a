/// How often requests found their prompt's beginning in the cache.
public struct PrefixCounts: Sendable, Hashable {
    public var lookups = 0
    public var hits = 0
    /// Prompt tokens that were not evaluated again.
    public var reusedTokens = 0

    public init(lookups: Int = 0, hits: Int = 0, reusedTokens: Int = 0) {
        self.lookups = lookups
        self.hits = hits
        self.reusedTokens = reusedTokens
    }
}

/// Which prompts the spare sequences hold, the least recently used to be forgotten first.
///
/// Requests with one system prompt, and the turns of one conversation, begin with the same tokens; those are copied
/// from here and not evaluated again. It holds whole prompts and finds the longest common beginning.
struct PrefixCache {
    /// A shorter gain is not worth a copy of the cells.
    static let leastTokens = 64

    struct Entry {
        let sequence: Int
        var tokens: [Token]
        var lastUse: UInt64
    }

    private(set) var entries: [Entry] = []
    private(set) var counts = PrefixCounts()
    private var unused: [Int]
    private var clock: UInt64 = 0

    init(limits: ModelLimits) {
        unused = Array((limits.sequences..<limits.sequences + limits.prefixSequences).reversed())
    }

    /// Cells that the prompts here fill.
    var cells: Int { entries.reduce(0) { $0 + $1.tokens.count } }

    private var isOff: Bool { entries.isEmpty && unused.isEmpty }

    /// The sequence that shares the longest beginning with the prompt, and its length; the last token is never part
    /// of it, for its distribution is wanted.
    mutating func match(_ prompt: [Token]) -> (sequence: Int, length: Int)? {
        guard !isOff else { return nil }
        counts.lookups += 1
        var best: (index: Int, length: Int)?
        for (index, entry) in entries.enumerated() {
            let length = Self.common(entry.tokens, prompt.dropLast())
            if length >= Self.leastTokens, length > best?.length ?? 0 { best = (index, length) }
        }
        guard let best else { return nil }
        clock += 1
        entries[best.index].lastUse = clock
        counts.hits += 1
        counts.reusedTokens += best.length
        return (entries[best.index].sequence, best.length)
    }

    /// A place for a prompt of which so many tokens were not found here, to be filled with a copy of its sequence;
    /// nil if it is not worth one. `evicted` is the sequence to clear first: the place itself, if it was in use.
    mutating func insert(_ prompt: [Token], evaluated: Int) -> (sequence: Int, evicted: Entry?)? {
        guard evaluated >= Self.leastTokens, !isOff else { return nil }
        clock += 1
        let extended = entries.firstIndex { prompt.starts(with: $0.tokens) }
        if extended == nil, let sequence = unused.popLast() {
            entries.append(Entry(sequence: sequence, tokens: prompt, lastUse: clock))
            return (sequence, nil)
        }
        let oldest = entries.indices.min { entries[$0].lastUse < entries[$1].lastUse }
        guard let index = extended ?? oldest else { return nil }
        let evicted = entries[index]
        entries[index] = Entry(sequence: evicted.sequence, tokens: prompt, lastUse: clock)
        return (evicted.sequence, evicted)
    }

    /// Forgets the least recently used prompt; nil when there is none.
    mutating func evict() -> Entry? {
        guard let index = entries.indices.min(by: { entries[$0].lastUse < entries[$1].lastUse }) else {
            return nil
        }
        let entry = entries.remove(at: index)
        unused.append(entry.sequence)
        return entry
    }

    private static func common(_ a: [Token], _ b: ArraySlice<Token>) -> Int {
        var length = 0
        for (x, y) in zip(a, b) {
            guard x == y else { break }
            length += 1
        }
        return length
    }
}
