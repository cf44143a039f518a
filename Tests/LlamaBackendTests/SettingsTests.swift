import ModelExecutor
import TestSupport
import Testing

@testable import LlamaBackend

/// What the settings of the cache do to a model, or why they can't.
@Suite struct SettingsTests {
    static let shape = CacheShape(layers: 6, heads: 3, keyWidth: 32, valueWidth: 32)

    @Test(arguments: [
        (LlamaSettings.CacheType.half, 6 * 3 * 2 * 64), (.single, 6 * 3 * 2 * 128),
        (.eightBit, 6 * 3 * 2 * 34),
    ])
    func `a token takes what its type says`(type: LlamaSettings.CacheType, bytes: Int) {
        #expect(Self.shape.bytesPerToken(type) == bytes)
    }

    @Test func `the shape of the cache is read from the file`() throws {
        let weights = try LlamaWeights(
            source: .bytes(TestModels.modelBytes, name: "the embedded model"),
            gpuLayers: 0
        )
        #expect(weights.cacheShape == Self.shape)
        #expect(weights.shortensSequences)
    }

    @Test func `a cache of blocks without flash attention is refused with what to change`() {
        let settings = LlamaSettings(cacheType: .eightBit, flashAttention: .off)
        let error = #expect(throws: LlamaError.self) { try TestModels.defaultModel(settings) }
        #expect(
            error.map { "\($0)" }
                == "the embedded model cannot run with these settings: a q8_0 cache needs flash attention, which is "
                + "off; allow flash attention, or store keys and values as f16"
        )
    }

    @Test(arguments: [(48, 32, "keys of 48"), (64, 80, "values of 80")])
    func `a cache of blocks is refused where heads do not fill them`(key: Int, value: Int, text: String) {
        let shape = CacheShape(layers: 1, heads: 1, keyWidth: key, valueWidth: value)
        let error = #expect(throws: LlamaError.self) {
            try shape.check(LlamaSettings(cacheType: .eightBit), model: "m")
        }
        #expect(error.map { "\($0)".contains(text) } ?? false, "\(String(describing: error))")
        #expect(throws: Never.self) { try shape.check(LlamaSettings(cacheType: .half), model: "m") }
    }

    @Test(arguments: LlamaSettings.CacheType.allCases, LlamaSettings.FlashAttention.allCases)
    func `every possible cache decodes`(
        type: LlamaSettings.CacheType,
        attention: LlamaSettings.FlashAttention
    ) throws {
        guard type != .eightBit || attention != .off else { return }
        var settings = TestModels.settings()
        settings.cacheType = type
        settings.flashAttention = attention
        var batch = ContinuousBatch(model: try TestModels.defaultModel(settings))
        _ = try batch.submit(TestModels.request(k: 4), now: .now)
        var emissions: [Emission] = []
        while batch.hasWork { emissions += batch.step(now: .now) }
        guard case .event(.finished(let result)) = emissions.last?.content else {
            Issue.record("\(String(describing: emissions.last))")
            return
        }
        #expect(result.candidates.count == 4)
    }

    @Test func `kept prompts have sequences of their own`() throws {
        var settings = TestModels.settings(sequences: 4)
        settings.prefixSequences = 3
        var model = try TestModels.defaultModel(settings)
        #expect(model.limits.sequences == 4 && model.limits.prefixSequences == 3)
        #expect(model.limits.cells == 7 * model.limits.contextTokens)
        let prompt = try model.prompt(for: TestModels.puzzle)
        let rows = prompt.enumerated().map {
            Row(token: $0.element, position: $0.offset, sequence: 0, wantsOutput: false)
        }
        _ = try model.decode(rows)
        model.copySequence(0, to: 6)
        model.clearSequence(0)
        model.truncateSequence(6, to: 5)
        model.copySequence(6, to: 1)
        #expect(model.cachedPositions(of: 0) == 0)
        #expect(model.cachedPositions(of: 1) == 5 && model.cachedPositions(of: 6) == 5)
    }

    @Test func `sequences past what llama.cpp holds are not opened`() throws {
        let model = try TestModels.defaultModel(
            LlamaSettings(layout: .unified, contextTokens: 64, sequences: 255, prefixSequences: 8)
        )
        #expect(model.limits.sequences == 255 && model.limits.prefixSequences == 1)
    }

    @Test(arguments: [(0, LlamaSettings.Layout.perSequence), (1, .unified)])
    func `the automatic layout counts the kept prompts`(prefixes: Int, layout: LlamaSettings.Layout) {
        let size = CacheSize(tokensPerSequence: 100, sequences: 4 + prefixes, bytesPerToken: 10)
        #expect(size.layout(LlamaSettings(cacheBytes: 4000)) == layout)
    }
}
