import Foundation
import LlamaBackend
import ModelExecutor
import Testing

/// The same numbers by another way: PyTorch, or one plain forward pass over the whole sequence.
@Suite struct ParityTests {
    struct Vectors: Decodable {
        struct Prompt: Decodable {
            var prompt: String
            var promptTokens: [Token]
            var greedyTokens: [Token]
            var scoredPositions: [Int]
            var features: [[Float]]
            var logits: [Float]
        }

        struct Head: Decodable {
            var features: [Float]
            var logit: Float
        }

        var prompts: [Prompt]
        var head: [Head]
    }

    static func vectors() throws -> Vectors {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Vectors/default-model.json"
        )
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Vectors.self, from: Data(contentsOf: path))
    }

    @Test func `the head computes what PyTorch does`() throws {
        let head = try HeadFile(bytes: TestModels.headBytes, name: "the embedded head").head
        for vector in try Self.vectors().head {
            let logit = vector.features.withUnsafeBufferPointer { head.logit($0) }
            #expect(
                abs(logit - vector.logit) <= 1e-4 * max(1, abs(vector.logit)),
                "\(logit) for \(vector.logit)"
            )
        }
    }

    @Test func `prompts get the tokens that the model was trained on`() throws {
        let model = try TestModels.defaultModel()
        for vector in try Self.vectors().prompts {
            let prompt = try model.prompt(for: [ChatMessage(role: .user, content: vector.prompt)])
            #expect(prompt == vector.promptTokens, "\(vector.prompt)")
        }
    }

    @Test func `greedy tokens, features and scores are those of PyTorch`() throws {
        for vector in try Self.vectors().prompts {
            var model = try TestModels.defaultModel()
            let head = try #require(model.head)
            let tokens = vector.promptTokens + vector.greedyTokens
            let positions = StepMask.positions(in: tokens, vocabulary: model.vocabulary)
            #expect(positions == vector.scoredPositions)
            _ = try model.decode(
                tokens.enumerated().map { Row(token: $1, position: $0, sequence: 0, wantsOutput: true) }
            )
            for (index, token) in vector.greedyTokens.enumerated() {
                let logits = model.withLogits(row: vector.promptTokens.count + index - 1) { Array($0) }
                // Keys and values are 16-bit here and 32-bit there, so a near tie may fall the other way.
                #expect((logits.max() ?? 0) - logits[Int(token)] < 0.05, "\(vector.prompt), token \(index)")
            }
            for (index, position) in positions.enumerated() {
                let features = model.withResidual(row: position) { Array($0) }
                let size = features.map(abs).max() ?? 0
                for (ours, theirs) in zip(features, vector.features[index]) {
                    #expect(abs(ours - theirs) <= 0.01 * size, "\(ours) for \(theirs), \(vector.prompt)")
                }
                let logit = model.withResidual(row: position) { head.logit($0) }
                #expect(abs(logit - vector.logits[index]) < 0.1, "\(logit) for \(vector.logits[index])")
            }
        }
    }

    @Test(arguments: [LlamaSettings.Layout.perSequence, .unified])
    func `streamed scores are those of one forward pass over prompt and output`(layout: LlamaSettings.Layout)
        throws
    {
        let settings = TestModels.settings(layout)
        var batch = ContinuousBatch(model: RecordingModel(try TestModels.defaultModel(settings)))
        _ = try batch.submit(TestModels.request(k: 8, seed: 3), now: .now)
        _ = try batch.submit(TestModels.request(k: 3, seed: 4), now: .now)
        var results: [GenerationResult] = []
        while batch.hasWork {
            for case .event(.finished(let result)) in batch.step(now: .now).map(\.content) {
                results.append(result)
            }
        }
        try #require(results.count == 2)
        let model = try TestModels.defaultModel(settings)
        let head = try #require(model.head)
        let expected = try batch.model.finished.map { try Self.forwardScores(of: $0, on: model, head: head) }
        for result in results {
            for candidate in result.candidates {
                #expect(!candidate.stepScores.isEmpty)
                // 0.02 on a sigmoid, from 16-bit keys and values in batches of other shapes.
                let match = expected.contains { scores in
                    scores.count == candidate.stepScores.count
                        && zip(scores, candidate.stepScores).allSatisfy { abs($0 - $1) < 0.02 }
                }
                #expect(match, "candidate \(candidate.index): \(candidate.stepScores), none of \(expected)")
            }
            let scores = result.candidates.map { $0.score ?? 0 }
            #expect(scores[result.winner] == scores.max())
        }
    }

    private static func forwardScores(of tokens: [Token], on model: LlamaModel, head: ScoreHead) throws
        -> [Double]
    {
        var model = model
        model.clearSequence(0)
        _ = try model.decode(
            tokens.enumerated().map { Row(token: $1, position: $0, sequence: 0, wantsOutput: true) }
        )
        return StepMask.positions(in: tokens, vocabulary: model.vocabulary).map { position in
            model.withResidual(row: position) { Double(head.score($0)) }
        }
    }
}
