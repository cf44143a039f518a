/// The distinct tokens of a candidate's prompt and output, for the repetition penalty.
struct SeenTokens: Sendable {
    private var words: [UInt64]
    private(set) var tokens: [Token] = []

    init(vocabularySize: Int) {
        words = Array(repeating: 0, count: (vocabularySize + 63) / 64)
    }

    mutating func insert(_ token: Token) {
        let index = Int(token)
        guard index >= 0, index / 64 < words.count else { return }
        let bit: UInt64 = 1 << UInt64(index % 64)
        if words[index / 64] & bit == 0 {
            words[index / 64] |= bit
            tokens.append(token)
        }
    }
}
