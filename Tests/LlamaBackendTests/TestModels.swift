import DefaultModel
import Foundation
import ModelExecutor
import TestSupport

@testable import LlamaBackend

/// The two real models that these tests run: the embedded one, and a general one from the user's cache.
enum TestModels {
    static var modelBytes: UnsafeRawBufferPointer {
        let file = headgate_default_model()
        return UnsafeRawBufferPointer(start: file.bytes, count: file.count)
    }

    static var headBytes: UnsafeRawBufferPointer {
        let file = headgate_default_head()
        return UnsafeRawBufferPointer(start: file.bytes, count: file.count)
    }

    /// Small enough that a test loads it in some milliseconds.
    static func settings(_ layout: LlamaSettings.Layout = .perSequence, sequences: Int = 16) -> LlamaSettings
    {
        LlamaSettings(layout: layout, contextTokens: 256, sequences: sequences)
    }

    static func defaultModel(_ settings: LlamaSettings = settings()) throws -> LlamaModel {
        try LlamaModel(
            .bytes(modelBytes, name: "the embedded model"),
            head: HeadFile(bytes: headBytes, name: "the embedded head"),
            settings: settings
        )
    }

    /// SmolLM2-135M-Instruct, which `make test` fetches.
    static var smolLM2Path: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? "\(environment["HOME"] ?? "")/.cache"
        return "\(cache)/headgate/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    }

    static func smolLM2(_ settings: LlamaSettings = settings(sequences: 4)) throws -> LlamaModel {
        try LlamaModel(.file(path: smolLM2Path), settings: settings)
    }

    /// SmolLM2 with a random head that scores at each full stop.
    ///
    /// The weights are drawn so that the scores of this model's features, which are large, spread over most of
    /// 0 to 1.
    static func scoredSmolLM2(_ settings: LlamaSettings) throws -> LlamaModel {
        let width = 576
        var generator = SeededGenerator(seed: 1)
        func draw(_ count: Int, spread: Float) -> [Float] {
            (0..<count).map { _ in Float.random(in: -spread...spread, using: &generator) }
        }
        let weights = HeadWeights(
            w1: draw(2 * width * width, spread: 0.0025),
            b1: draw(2 * width, spread: 1),
            w2: draw(2 * width, spread: 0.2),
            b2: [-3.5]
        )
        let head = try HeadFile(
            weights,
            hiddenSize: width,
            layer: 28,
            stepText: ".",
            name: "a random head"
        )
        return try LlamaModel(.file(path: smolLM2Path), head: head, settings: settings)
    }

    static let puzzle = [ChatMessage(role: .user, content: "Use 3, 8, 8 and 9 to make 24.")]

    static func request(
        k: Int,
        _ selection: Selection = .bestScore,
        maxTokens: Int = 150,
        seed: UInt64 = 7
    ) -> GenerationRequest {
        GenerationRequest(
            messages: puzzle,
            effort: Effort(k: k, selection: selection),
            sampling: Sampling(seed: seed),
            maxTokens: maxTokens
        )
    }

    /// Changes the type of these tokens in a GGUF, where the vocabulary's types are an array of 32-bit integers.
    static func callUserDefined(_ tokens: Set<Token>, in file: inout [UInt8]) {
        let key = Array("tokenizer.ggml.token_type".utf8)
        guard let start = file.firstRange(of: key)?.upperBound else { return }
        // Behind the key: the type of the value, the type of the elements and their 64-bit count.
        let first = start + 4 + 4 + 8
        let userDefined: UInt8 = 4
        for token in tokens { file[first + 4 * Int(token)] = userDefined }
    }

    /// A folder of this test's own.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "headgate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path())
    }
}
