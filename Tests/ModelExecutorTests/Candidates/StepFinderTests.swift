import ModelExecutor
import TestSupport
import Testing

struct StepFinderTests {
    /// T opens, E closes, S is a step; anything else is plain.
    private static let vocabulary = Vocabulary(
        size: 10,
        endOfGeneration: [0],
        step: [1],
        thinkOpen: 2,
        thinkClose: 3
    )

    private static func tokens(_ text: String) -> [Token] {
        text.map { letter in
            switch letter {
            case "S": 1
            case "T": 2
            case "E": 3
            default: 4
            }
        }
    }

    private static func streamed(_ tokens: [Token], _ vocabulary: Vocabulary = vocabulary) -> [Int] {
        var finder = StepFinder(vocabulary: vocabulary)
        return tokens.indices.filter { finder.observe(tokens[$0]) }.map { $0 - 1 }
    }

    static let vectors: [(String, [Int])] = [
        ("pTxSxxSxEaSa", [2, 5]), ("pTSxSxE", [3]), ("pTxSSSxSE", [2, 6]), ("pTxSxSx", [2, 4]),
        ("pxSTxxSEa", [5]), ("pSTxSE", [3]),
    ]

    @Test(arguments: vectors)
    func `well-formed traces are scored before their steps`(trace: String, positions: [Int]) {
        #expect(Self.streamed(Self.tokens(trace)) == positions)
        #expect(StepMask.positions(in: Self.tokens(trace), vocabulary: Self.vocabulary) == positions)
    }

    @Test func `a second close widens the mask's window but not the stream's`() {
        let tokens = Self.tokens("pTxSExSEaS")
        #expect(StepMask.positions(in: tokens, vocabulary: Self.vocabulary) == [2, 5, 8])
        #expect(Self.streamed(tokens) == [2])
    }

    @Test func `a second open widens the mask's window to the prompt`() {
        let tokens = Self.tokens("ppSTxTxSE")
        #expect(StepMask.positions(in: tokens, vocabulary: Self.vocabulary) == [1, 6])
        #expect(Self.streamed(tokens) == [6])
    }

    @Test func `stream and mask agree on random well-formed traces`() {
        var generator = SeededGenerator(seed: 20_251)
        for _ in 0..<200_000 {
            func plain(_ most: Int) -> [Token] {
                (0..<Int.random(in: 0...most, using: &generator)).map { _ in
                    Bool.random(using: &generator) ? 1 : 4
                }
            }
            var tokens = plain(4) + [2] + plain(8)
            // One in four is truncated before its close.
            if Int.random(in: 0..<4, using: &generator) > 0 { tokens += [3] + plain(4) }
            let expected = StepMask.positions(in: tokens, vocabulary: Self.vocabulary)
            guard Self.streamed(tokens) == expected else {
                Issue.record("seed \(generator.seed), \(tokens): \(Self.streamed(tokens)), not \(expected)")
                return
            }
        }
    }

    @Test func `without thinking tokens every step but a leading one counts`() {
        let plain = Vocabulary(size: 10, endOfGeneration: [0], step: [1])
        #expect(Self.streamed([4, 4, 1, 1, 4, 1], plain) == [1, 4])
        #expect(Self.streamed([1, 4, 1], plain) == [1])
    }
}
