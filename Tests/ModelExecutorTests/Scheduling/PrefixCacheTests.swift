import TestSupport
import Testing

@testable import ModelExecutor

struct PrefixCacheTests {
    private static let system = String(repeating: "be brief and kind; ", count: 8)
    private static let limits = ModelLimits(
        contextTokens: 400,
        sequences: 8,
        prefixSequences: 2,
        rowsPerBatch: 64,
        cells: 10 * 400
    )

    private func runner(_ limits: ModelLimits = limits) throws -> BatchRunner {
        BatchRunner(try ScriptedTokenModel(.noise(seed: 8), limits: limits))
    }

    private func ask(_ text: String, k: Int = 4) -> GenerationRequest {
        .asking(text, k: k, .bestScore, maxTokens: 40)
    }

    @Test func `a prompt that begins like an earlier one is evaluated from where they part`() throws {
        var runner = try runner()
        let first = try runner.submit(ask(Self.system + "first"))
        try runner.finish()
        let rows = runner.batch.model.decodedRows
        let second = try runner.submit(ask(Self.system + "second"))
        try runner.finish()
        let result = try #require(runner.result(of: second))
        #expect(runner.result(of: first)?.compute.cachedTokens == 0)
        #expect(result.compute.cachedTokens == Self.system.utf8.count)
        #expect(result.compute.promptTokens == Self.system.utf8.count + 8)
        #expect(runner.batch.model.decodedRows - rows < result.compute.candidateTokens + 8)
        #expect(
            runner.batch.prefixCounts
                == PrefixCounts(lookups: 2, hits: 1, reusedTokens: Self.system.utf8.count)
        )
    }

    @Test func `what is said does not depend on the cache`() throws {
        var with = try runner()
        var limits = Self.limits
        limits.prefixSequences = 0
        var without = try runner(limits)
        for number in 0..<6 {
            let request = ask(Self.system + "question \(number % 4)")
            let (a, b) = (try with.submit(request), try without.submit(request))
            try with.finish()
            try without.finish()
            #expect(with.result(of: a)?.candidates == without.result(of: b)?.candidates)
        }
        #expect(with.batch.prefixCounts.hits == 5)
        #expect(without.batch.prefixCounts == PrefixCounts())
    }

    @Test func `the least recently used prompt goes first`() {
        var cache = PrefixCache(limits: Self.limits)
        func prompt(_ number: Token) -> [Token] { Array(repeating: number, count: 80) }
        #expect(cache.insert(prompt(1), evaluated: 80)?.sequence == 8)
        #expect(cache.insert(prompt(2), evaluated: 80)?.sequence == 9)
        #expect(cache.match(prompt(1) + [5])?.length == 80)
        #expect(cache.insert(prompt(3), evaluated: 80)?.evicted?.tokens == prompt(2))
        #expect(cache.match(prompt(2) + [5]) == nil)
        #expect(cache.match(prompt(1) + [5]) != nil)
    }

    @Test func `the next turn of a conversation takes the place of the last`() {
        var cache = PrefixCache(limits: Self.limits)
        let first = Array(repeating: Token(1), count: 80)
        _ = cache.insert(first, evaluated: 80)
        #expect(cache.insert(first + Array(repeating: 2, count: 70), evaluated: 70)?.evicted?.tokens == first)
        #expect(cache.entries.count == 1)
    }

    @Test func `the last token of a prompt is always evaluated`() {
        var cache = PrefixCache(limits: Self.limits)
        let prompt = Array(repeating: Token(1), count: 80)
        _ = cache.insert(prompt, evaluated: 80)
        #expect(cache.match(prompt)?.length == 79)
    }

    @Test(arguments: [(63, false), (64, true)])
    func `only a gain of some size is worth a copy`(tokens: Int, isWorth: Bool) {
        var cache = PrefixCache(limits: Self.limits)
        let prompt = Array(repeating: Token(1), count: tokens)
        #expect((cache.insert(prompt, evaluated: tokens) != nil) == isWorth)
        _ = cache.insert(Array(repeating: 1, count: 200), evaluated: 200)
        #expect((cache.match(prompt + [2]) != nil) == isWorth)
    }

    @Test func `cached prompts make room for those who need it`() throws {
        var limits = Self.limits
        limits.cells = 400
        var runner = try runner(limits)
        for number in 0..<2 {
            _ = try runner.submit(ask("\(number)" + Self.system, k: 1))
            try runner.finish()
        }
        #expect(runner.batch.reservedCells > 150)
        let large = try runner.submit(
            .asking(String(repeating: "x", count: 150), k: 2, .bestScore, maxTokens: 120)
        )
        try runner.finish()
        #expect(runner.result(of: large) != nil, "\(runner.failures)")
        #expect(runner.batch.model.mostLiveCells <= 400)
    }
}
