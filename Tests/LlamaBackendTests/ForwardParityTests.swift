import LlamaBackend
import ModelExecutor
import Testing

/// What the executor streamed, beside one plain forward pass over each candidate's prompt and output.
@Suite struct ForwardParityTests {
    /// A model in its weight format, and what it is asked.
    enum Subject: CaseIterable, Sendable {
        /// The embedded model with its own head: 16-bit weights, thinking in steps.
        case embedded
        /// SmolLM2 with a random head: 4-bit weights, a step at each full stop of the answer.
        case general

        /// How far a step score may lie from that of the forward pass: three times the most that was measured.
        ///
        /// The two evaluate the same rows in batches of other shapes, and keys and values are 16-bit, which moved
        /// an embedded score by up to 0.0013. Weights of 4 bits have their activations rounded to 8, so that a
        /// difference in the last place becomes a whole step, block after block: up to 0.023.
        var tolerance: Double {
            switch self {
            case .embedded: 0.004
            case .general: 0.07
            }
        }

        var prompts: [String] {
            switch self {
            case .embedded:
                [
                    "Use 3, 8, 8 and 9 to make 24.", "Make 21 from 3, 4 and 5.",
                    "Use 2, 3, 6 and 7 to make 20.", "Use 1, 4, 6 and 9 to make 32.",
                    "Use 2, 4, 5 and 10 to make 30.", "Make 14 from 2, 5 and 8.",
                ]
            case .general:
                [
                    "Why is the sky blue?", "Tell me about rivers in two sentences.", "What do cats like?",
                    "Name three birds and say what they eat.",
                ]
            }
        }

        var maxTokens: Int {
            switch self {
            case .embedded: 150
            case .general: 40
            }
        }

        func open(_ layout: LlamaSettings.Layout) throws -> LlamaModel {
            switch self {
            case .embedded: try TestModels.defaultModel(TestModels.settings(layout))
            case .general: try TestModels.scoredSmolLM2(TestModels.settings(layout))
            }
        }
    }

    @Test(arguments: Subject.allCases, [LlamaSettings.Layout.perSequence, .unified])
    func `streamed scores and the pick are those of a forward pass over prompt and output`(
        subject: Subject,
        layout: LlamaSettings.Layout
    ) throws {
        // One instant for all: nothing is learned of this machine's pace, so the batches are the same on each.
        let now = ContinuousClock.now
        var batch = ContinuousBatch(model: RecordingModel(try subject.open(layout)))
        var prompts: [RequestHandle: [Token]] = [:]
        for (index, text) in subject.prompts.enumerated() {
            let request = Self.request(text, maxTokens: subject.maxTokens, seed: UInt64(index))
            prompts[try batch.submit(request, now: now)] = try batch.model.prompt(for: request.messages)
        }
        let results = try Self.finish(&batch, now: now)
        try #require(results.count == subject.prompts.count)
        var forward = ForwardPass(try subject.open(layout))
        var clearPicks = 0
        for (handle, result) in results {
            let traces = CandidateTraces(
                of: batch.model.finished,
                after: try #require(prompts[handle]),
                on: forward.model
            )
            var means: [GeometricMean] = []
            for candidate in result.candidates {
                let tokens = try #require(traces.tokens(of: candidate), "\(candidate) was never evaluated")
                let expected = try forward.scores(of: tokens, after: traces.prompt.count)
                let differences = zip(expected, candidate.stepScores).map { abs($0 - $1) }
                #expect(expected.count == candidate.stepScores.count, "\(candidate): \(expected)")
                #expect(differences.allSatisfy { $0 < subject.tolerance }, "\(candidate): \(expected)")
                means.append(expected.reduce(into: GeometricMean()) { $0.add($1) })
            }
            clearPicks += Self.check(result, means.map(\.value)) ? 1 : 0
        }
        #expect(clearPicks >= 2, "too few picks are clear enough to tell a right one from a wrong one")
    }

    /// Checks the pick against the scores of the forward pass; returns whether it was clear.
    ///
    /// A pick is clear if no other candidate comes within a tenth of the best, which rounding never moved one by;
    /// else either may win.
    private static func check(_ result: GenerationResult, _ scores: [Double]) -> Bool {
        let complete = result.candidates.filter(\.isComplete)
        let contenders = complete.isEmpty ? result.candidates : complete
        let ranked = contenders.map(\.index).sorted { (scores[$0], $1) > (scores[$1], $0) }
        let near = scores[ranked[0]] * 0.9
        guard scores[ranked[1]] < near else {
            #expect(scores[result.winner] >= near, "picked \(result.winner) of forward scores \(scores)")
            return false
        }
        #expect(result.winner == ranked[0], "forward scores \(scores)")
        return true
    }

    private static func request(_ text: String, maxTokens: Int, seed: UInt64) -> GenerationRequest {
        GenerationRequest(
            messages: [ChatMessage(role: .user, content: text)],
            effort: Effort(k: 8, selection: .bestScore),
            sampling: Sampling(seed: seed),
            maxTokens: maxTokens
        )
    }

    private static func finish(
        _ batch: inout ContinuousBatch<RecordingModel<LlamaModel>>,
        now: ContinuousClock.Instant
    ) throws -> [RequestHandle: GenerationResult] {
        var results: [RequestHandle: GenerationResult] = [:]
        while batch.hasWork {
            for emission in batch.step(now: now) {
                switch emission.content {
                case .event(.finished(let result)): results[emission.request] = result
                case .failed(let error, _): throw error
                case .event: continue
                }
            }
        }
        return results
    }
}

/// Scores whole sequences, each in one batch of its own.
struct ForwardPass {
    private(set) var model: LlamaModel

    init(_ model: LlamaModel) { self.model = model }

    /// The scores of the steps that end after the prompt. A model without thinking tokens has steps in the prompt
    /// by the reference's mask, and nobody asked it for those.
    mutating func scores(of tokens: [Token], after prompt: Int) throws -> [Double] {
        let positions = StepMask.positions(in: tokens, vocabulary: model.vocabulary)
            .filter { $0 + 1 >= prompt }
        guard let head = model.head, !positions.isEmpty else { return [] }
        model.clearSequence(0)
        let wanted = Set(positions)
        _ = try model.decode(
            tokens.enumerated().map { position, token in
                Row(token: token, position: position, sequence: 0, wantsOutput: wanted.contains(position))
            }
        )
        return positions.map { position in model.withResidual(row: position) { Double(head.score($0)) } }
    }
}

/// Finds the tokens of a candidate again among everything that a model evaluated.
struct CandidateTraces {
    let prompt: [Token]
    private let outputs: [[Token]]
    private let model: LlamaModel

    init(of histories: [[Token]], after prompt: [Token], on model: LlamaModel) {
        self.prompt = prompt
        self.model = model
        outputs = histories.filter { $0.starts(with: prompt) }.map { Array($0.dropFirst(prompt.count)) }
    }

    /// Prompt and output; nil when no evaluated sequence has the candidate's text.
    ///
    /// The last token that is drawn is not evaluated, so it is known by its text alone. It matters only if it ends
    /// a step, and the token that does is the only one of its text.
    func tokens(of candidate: CandidateRecord) -> [Token]? {
        let text = model.vocabulary.thinks ? candidate.thinking : candidate.answer ?? ""
        for output in outputs {
            let part =
                model.vocabulary.thinkClose.map { close in Array(output.prefix { $0 != close }) } ?? output
            let bytes = part.flatMap(model.bytes)
            if text == String(decoding: bytes, as: UTF8.self) { return prompt + part }
            guard candidate.end == .length,
                part.count == candidate.thinkingTokens + candidate.answerTokens - 1,
                text.utf8.starts(with: bytes)
            else { continue }
            let last = Array(text.utf8.dropFirst(bytes.count))
            return prompt + part + model.vocabulary.step.filter { model.bytes(of: $0) == last }
        }
        return nil
    }
}
