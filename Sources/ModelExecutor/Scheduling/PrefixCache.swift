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

/// The sequences that hold prompts: of large requests that run, and of those that are over, for later ones.
///
/// Requests with one system prompt, and the turns of one conversation, begin with the same tokens; those are copied
/// from here and not evaluated again. It holds whole prompts and finds the longest common beginning; the least
/// recently used is forgotten first. They lie apart from the sequences of candidates, which stay close together.
struct PrefixCache {
    /// A shorter gain is not worth a copy of the cells.
    static let leastTokens = 64

    struct Entry {
        let sequence: Int
        let tokens: [Token]
        var lastUse: UInt64
        /// Whether a request that runs still needs it.
        var isLent: Bool
    }

    private(set) var entries: [Entry] = []
    private(set) var counts = PrefixCounts()
    private var unused: [Int]
    private var clock: UInt64 = 0
    private let range: Range<Int>

    init(limits: ModelLimits) {
        range = limits.sequences..<limits.sequences + limits.prefixSequences
        unused = range.reversed()
    }

    func owns(_ sequence: Int) -> Bool { range.contains(sequence) }

    /// Cells that could be had by forgetting.
    var cells: Int { entries.reduce(0) { $1.isLent ? $0 : $0 + $1.tokens.count } }

    /// Whether `lend` has one.
    var canLend: Bool { !unused.isEmpty || oldest != nil }

    private var oldest: Int? {
        entries.indices.filter { !entries[$0].isLent }.min { entries[$0].lastUse < entries[$1].lastUse }
    }

    /// The sequence that shares the longest beginning with the prompt, and its length; the last token is never part
    /// of it, for its distribution is wanted. It is now the last to be forgotten.
    mutating func match(_ prompt: [Token]) -> (sequence: Int, length: Int)? {
        guard !range.isEmpty else { return nil }
        counts.lookups += 1
        var best: (index: Int, length: Int)?
        for (index, entry) in entries.enumerated() {
            let length = Self.common(entry.tokens, prompt.dropLast())
            if length >= Self.leastTokens, length > best?.length ?? 0 { best = (index, length) }
        }
        guard let best else { return nil }
        clock += 1
        entries[best.index].lastUse = clock
        return (entries[best.index].sequence, best.length)
    }

    func holds(_ sequence: Int) -> Bool { entries.contains { $0.sequence == sequence } }

    mutating func reused(tokens: Int) {
        counts.hits += 1
        counts.reusedTokens += tokens
    }

    /// A sequence for the prompt of a request that begins; nil while all are lent. The evicted entry's is to be
    /// cleared.
    mutating func lend() -> (sequence: Int, evicted: Entry?)? {
        if let sequence = unused.popLast() { return (sequence, nil) }
        guard let oldest else { return nil }
        let entry = entries.remove(at: oldest)
        return (entry.sequence, entry)
    }

    /// Lets others find the prompt that a lent sequence holds now, if it is long enough to be of use.
    mutating func publish(_ prompt: [Token], in sequence: Int, isLent: Bool) {
        guard prompt.count >= Self.leastTokens else { return }
        clock += 1
        entries.append(Entry(sequence: sequence, tokens: prompt, lastUse: clock, isLent: isLent))
    }

    /// Takes a sequence back whose request needs it no more. The prompt stays if it was published and brings more
    /// than is here anyway; returns whether it does.
    mutating func takeBack(_ sequence: Int, keeps: Bool) -> Bool {
        if let index = entries.firstIndex(where: { $0.sequence == sequence }) {
            if keeps {
                entries[index].isLent = false
                return true
            }
            entries.remove(at: index)
        }
        unused.append(sequence)
        return false
    }

    /// Forgets the least recently used prompt; nil when there is none.
    mutating func evict() -> Entry? {
        guard let oldest else { return nil }
        let entry = entries.remove(at: oldest)
        unused.append(entry.sequence)
        return entry
    }

    /// Forgets a prompt that has hardly anything which this longer one doesn't: the last turn of a conversation.
    mutating func evictSuperseded(by prompt: [Token]) -> Entry? {
        let index = entries.firstIndex {
            !$0.isLent && $0.tokens.count < prompt.count
                && $0.tokens.count - Self.common($0.tokens, prompt[...]) < Self.leastTokens
        }
        guard let index else { return nil }
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
