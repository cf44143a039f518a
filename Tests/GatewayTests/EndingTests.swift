import ModelExecutor
import Store
import Testing

@testable import Gateway

struct EndingTests {
    private static let spent = Compute(promptTokens: 5, candidateTokens: 40, scoredSteps: 3, cpu: .seconds(1))

    @Test(arguments: [
        (Ending.finished(.sample()), TerminalState.completed, EndCause?.none),
        (.left, .clientGone, nil),
        (.shutDown, .failed, .shutdown),
        (.failed(.executor(.deadlineExceeded(spent))), .deadline, nil),
        (.failed(.executor(.queueFull(limit: 1))), .rejected, .overload),
        (.failed(.executor(.promptTooLong(tokens: 9, limit: 8))), .rejected, .promptTooLong),
        (.failed(.executor(.invalidRequest("x"))), .rejected, .other),
        (.failed(.executor(.cancelled(spent))), .failed, .shutdown),
        (.failed(.executor(.modelFailed("x"))), .failed, .model),
        (.failed(.executor(.needsHead(.bestScore))), .failed, .model),
        (.failed(.backend("x")), .failed, .model),
        (.failed(.store(.full)), .failed, .store),
        (.failed(.noPolicy), .failed, .other),
    ])
    func `an ending is recorded as one terminal state`(ending: Ending, state: TerminalState, cause: EndCause?)
    {
        let (recorded, why) = CompletionRecord.terminalState(of: ending)
        #expect(recorded == state)
        #expect(why == cause)
    }

    @Test func `a finished request is recorded with what it cost`() throws {
        let id = RequestID.Generator().next()
        let record = CompletionRecord(
            id: id,
            .finished(.sample()),
            Progress(),
            spent: GenerationResult.sample().compute,
            latency: .seconds(2)
        )
        #expect(record.compute == RecordedCompute(GenerationResult.sample().compute))
        #expect(record.winner == 1)
        #expect(record.candidates.map(\.score) == [0.25, 0.75])
        #expect(record.candidates.map(\.stepScores) == [[0.25], [0.75]])
        #expect(record.latency == .seconds(2))
    }

    @Test(arguments: [
        (Ending.finished(.sample()), Compute?.some(GenerationResult.sample().compute)),
        (.failed(.executor(.deadlineExceeded(spent))), spent),
        (.failed(.executor(.cancelled(spent))), spent),
        (.failed(.executor(.modelFailed("x"))), nil),
        (.failed(.store(.full)), nil), (.left, nil), (.shutDown, nil),
    ])
    func `an ending tells what it cost if it knows`(ending: Ending, compute: Compute?) {
        #expect(ending.compute == compute)
    }

    @Test func `a request whose client left is recorded with what it had spent and what was seen of it`() {
        var progress = Progress()
        progress.note(.prefilled(Prefilled(promptTokens: 5)), after: .seconds(1))
        progress.note(.answer("a"), after: .seconds(2))
        progress.note(.answer("b"), after: .seconds(3))
        let id = RequestID.Generator().next()
        let record = CompletionRecord(id: id, .left, progress, spent: Self.spent, latency: .seconds(4))
        #expect(record.state == .clientGone)
        #expect(record.compute == RecordedCompute(Self.spent))
        #expect(record.firstToken == .seconds(2))
    }

    @Test func `a request whose model failed is recorded with its prompt`() {
        var progress = Progress()
        progress.note(.prefilled(Prefilled(promptTokens: 7)), after: .seconds(1))
        let id = RequestID.Generator().next()
        let ending = Ending.failed(.executor(.modelFailed("x")))
        let record = CompletionRecord(id: id, ending, progress, spent: .zero, latency: .seconds(4))
        #expect(record.compute.promptTokens == 7)
    }
}

extension GenerationResult {
    /// Two candidates, of which the second won.
    static func sample(answer: String = "24", thinking: String = "3*8") -> GenerationResult {
        GenerationResult(
            winner: 1,
            score: 0.75,
            candidates: [
                CandidateRecord(
                    index: 0,
                    score: 0.25,
                    stepScores: [0.25],
                    thinkingTokens: 10,
                    answerTokens: 0,
                    logProbability: -3,
                    end: .closed,
                    isComplete: true,
                    thinking: "8+8",
                    answer: nil
                ),
                CandidateRecord(
                    index: 1,
                    score: 0.75,
                    stepScores: [0.75],
                    thinkingTokens: 12,
                    answerTokens: 4,
                    logProbability: -2,
                    end: .stop,
                    isComplete: true,
                    thinking: thinking,
                    answer: answer
                ),
            ],
            thinking: thinking,
            answer: answer,
            finishReason: .stop,
            compute: Compute(
                promptTokens: 9,
                candidateTokens: 26,
                answerTokens: 4,
                reasoningTokens: 12,
                scoredSteps: 2,
                cpu: .milliseconds(250)
            ),
            queued: .milliseconds(1),
            firstToken: .milliseconds(3)
        )
    }
}
