import ModelExecutor
import Policy
import Store
import Telemetry
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
        (.failed(.executor(.needsHead("selection best_score"))), .failed, .model),
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

    @Test func `a finished request is recorded with what its effort came to`() throws {
        var result = GenerationResult.sample()
        (result.stoppedBy, result.confidence, result.compute.cachedTokens) = (.agreement, 0.5, 4)
        result.candidates[0].end = .pruned
        result.candidates[0].cutAtStep = 3
        result.candidates[1].branch = Branch(candidate: 0, step: 1)
        let id = RequestID.Generator().next()
        func record(_ served: ModeName? = nil) -> CompletionRecord {
            CompletionRecord(
                id: id,
                .finished(result),
                Progress(),
                spent: result.compute,
                latency: .seconds(2),
                served: served
            )
        }
        #expect(record().stoppedBy == .agreement && record().confidence == 0.5)
        #expect(record().compute.cachedTokens == 4)
        #expect(record().candidates.map(\.end) == [.pruned, .stop])
        #expect(record().candidates.map(\.cutAtStep) == [3, nil])
        #expect(record().candidates.map(\.isBranch) == [false, true])
        #expect(record().served == nil && record("low").served == "low")
    }

    @Test(arguments: StoppedBy.allCases)
    func `what stopped a request has one name everywhere`(stop: StoppedBy) {
        #expect(RecordedStop(stop).rawValue == stop.rawValue)
        #expect(StopReason(RecordedStop(stop)).rawValue == stop.rawValue)
    }

    @Test func `what a request's effort came to is counted for its arm`() throws {
        let metrics = HeadgateMetrics(version: "test")
        metrics.admit(policy: "effort", version: "aaaaaaaaaaaa", shares: ["low": 1], outcomes: [])
        var completion = CompletionRecord(id: RequestID.Generator().next(), state: .completed, latency: .zero)
        completion.candidates = [
            RecordedCandidate(end: .pruned), RecordedCandidate(), RecordedCandidate(end: .pruned),
        ]
        completion.compute.cachedTokens = 9
        completion.stoppedBy = .deadline
        try #require(metrics.arm(policy: "effort", arm: "low")).count(effortOf: completion)
        let text = metrics.exposition()
        for line in [
            #"headgate_pruned_candidates_total{policy="effort",arm="low"} 2"#,
            #"headgate_tokens_total{policy="effort",arm="low",kind="cached"} 9"#,
            #"headgate_requests_stopped_early_total{policy="effort",arm="low",reason="deadline"} 1"#,
            #"headgate_requests_stopped_early_total{policy="effort",arm="low",reason="budget"} 0"#,
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test func `candidates that never answered are compared by the last step of their thinking`() {
        var result = GenerationResult.sample()
        result.candidates[0].thinking = "5-2=3.\n\n8 * 3 = 24.\n\n"
        result.candidates[1].thinking = "9-6=3.\n\n8 *  3 = 24\n\n"
        func digests() -> [UInt32?] {
            result.candidates.map {
                RecordedCandidate($0, conclusion: result.conclusion(of: $0)).answerDigest
            }
        }
        #expect(digests()[0] != nil && digests()[0] == digests()[1])
        result.candidates[0].thinking = "5+11=16.\n\n8+16=24.\n\n"
        #expect(digests()[0] != nil && digests()[0] != digests()[1])
        result.candidates[0].isComplete = false
        #expect(digests()[0] == nil, "it came to nothing")
    }

    @Test func `candidates that all answered are compared by their answers`() {
        var result = GenerationResult.sample()
        result.candidates[0].answer = "Answer: 24.0"
        result.candidates[1].answer = "24"
        let keys = result.candidates.map { result.conclusion(of: $0) }
        #expect(keys[0] != nil && keys[0] == keys[1])
    }

    @Test func `a request that fails after it was degraded still tells what ran`() {
        var progress = Progress()
        #expect(progress.fallback == 0)
        let prefilled = Prefilled(promptTokens: 7, cachedTokens: 3, fallback: 2)
        progress.note(.prefilled(prefilled), after: .seconds(1))
        progress.note(.answer("a"), after: .seconds(2))
        #expect(progress.fallback == 2)
        let id = RequestID.Generator().next()
        let ending = Ending.failed(.executor(.modelFailed("x")))
        let record = CompletionRecord(id: id, ending, progress, spent: .zero, latency: .seconds(4))
        #expect(record.compute.cachedTokens == 3)
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
