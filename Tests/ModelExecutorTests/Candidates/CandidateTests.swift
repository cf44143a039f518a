import Testing

@testable import ModelExecutor

struct CandidateTests {
    private static let end: Token = 0
    private static let open: Token = 2
    private static let close: Token = 3

    private func rules(maxTokens: Int = 100, contextTokens: Int = 100, answersAlways: Bool = false)
        -> CandidateRules
    {
        CandidateRules(
            endOfGeneration: [Self.end],
            thinkOpen: Self.open,
            thinkClose: Self.close,
            maxTokens: maxTokens,
            contextTokens: contextTokens,
            answersAlways: answersAlways
        )
    }

    private func candidate(
        from phase: Candidate.Phase,
        _ tokens: [Token],
        _ rules: CandidateRules,
        stops: [String] = []
    ) -> Candidate {
        let vocabulary = Vocabulary(size: 256, endOfGeneration: [0], step: [1], thinkOpen: 2, thinkClose: 3)
        var candidate = Candidate(
            index: 0,
            seed: 0,
            finder: StepFinder(vocabulary: vocabulary),
            seen: nil,
            stops: stops.map { Array($0.utf8) },
            thinks: true,
            rung: nil
        )
        candidate.started(in: phase, sequence: 0, pending: 9, position: 9, wave: 0)
        for token in tokens where candidate.isRunning {
            candidate.sampled(SampledToken(token: token, logProbability: -1), under: rules) { token in
                token < 9 ? [] : [UInt8(truncatingIfNeeded: token)]
            }
        }
        return candidate
    }

    private static let letter: Token = 0x61

    @Test func `tokens lead from phase to phase`() {
        let table: [(Candidate.Phase, [Token], Candidate.Phase)] = [
            (.opening, [0x20], .opening), (.opening, [Self.open], .thinking),
            (.opening, [0x20, Self.open], .thinking),
            (.opening, [Self.letter], .answering), (.opening, [Self.letter, Self.open], .answering),
            (.opening, [Self.end], .ended(.stop)), (.thinking, [Self.letter], .thinking),
            (.thinking, [Self.open], .thinking), (.thinking, [Self.close], .closed),
            (.thinking, [Self.end], .ended(.stop)), (.answering, [Self.close], .answering),
            (.answering, [Self.letter, Self.end], .ended(.stop)),
        ]
        for (phase, tokens, expected) in table {
            #expect(candidate(from: phase, tokens, rules()).phase == expected, "\(tokens) from \(phase)")
        }
    }

    @Test func `only closed thinking, or an answer without any, is complete`() {
        let table: [(Candidate.Phase, [Token], Int, Bool)] = [
            (.thinking, [Self.close], 9, true), (.thinking, [Self.letter, Self.end], 9, false),
            (.thinking, [Self.letter, Self.letter], 2, false),
            (.answering, [Self.letter, Self.end], 9, true),
            (.answering, [Self.letter, Self.letter], 2, false), (.opening, [Self.end], 9, true),
        ]
        for (phase, tokens, maxTokens, isComplete) in table {
            let candidate = candidate(from: phase, tokens, rules(maxTokens: maxTokens))
            #expect(candidate.isComplete == isComplete, "\(tokens) from \(phase)")
        }
    }

    @Test func `where answers are compared it goes on after its thinking`() {
        let going = candidate(from: .thinking, [Self.close, Self.letter], rules(answersAlways: true))
        #expect(going.phase == .answering)
        #expect((going.thinkingTokens, going.answerTokens) == (1, 1))
    }

    @Test func `max tokens and context end it by length, the token that hits them included`() {
        let letters = Array(repeating: Self.letter, count: 50)
        let short = candidate(from: .thinking, letters, rules(maxTokens: 7))
        #expect(short.end == .length)
        #expect(short.thinkingTokens == 7)
        let narrow = candidate(from: .thinking, letters, rules(contextTokens: 20))
        #expect(narrow.end == .length)
        #expect(narrow.position == 20)
    }

    @Test func `a close on the last token leaves no budget for an answer`() {
        var closed = candidate(from: .thinking, [Self.letter, Self.close], rules(maxTokens: 2))
        #expect(closed.phase == .closed)
        closed.selected(under: rules(maxTokens: 2))
        #expect(closed.phase == .ended(.length))
        #expect(closed.isComplete)
    }

    @Test func `a stop string ends an answer that comes without thinking`() {
        let stopped = candidate(from: .opening, [0x61, 0x62, 0x63], rules(), stops: ["b"])
        #expect(stopped.phase == .ended(.stop))
        #expect(stopped.text.text == "a")
        #expect(candidate(from: .opening, [0x62], rules(), stops: ["b"]).phase == .ended(.stop))
    }

    @Test func `log-probabilities add up over every token drawn, the end included`() {
        #expect(candidate(from: .thinking, [Self.letter, Self.close], rules()).logProbability == -2)
        #expect(candidate(from: .answering, [Self.letter, Self.end], rules()).logProbability == -2)
    }
}
