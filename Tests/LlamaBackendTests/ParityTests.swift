import Foundation
import LlamaBackend
import ModelExecutor
import Testing

/// The same numbers by another way: PyTorch.
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
}
