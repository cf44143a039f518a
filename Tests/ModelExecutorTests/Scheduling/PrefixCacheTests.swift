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

    private func keep(_ prompt: [Token], in cache: inout PrefixCache) -> (
        sequence: Int, evicted: PrefixCache.Entry?
    )? {
        guard let place = cache.lend() else { return nil }
        cache.publish(prompt, in: place.sequence, isLent: false)
        return place
    }

    @Test func `the least recently used prompt goes first, and none that a request needs`() {
        var cache = PrefixCache(limits: Self.limits)
        func prompt(_ number: Token) -> [Token] { Array(repeating: number, count: 80) }
        #expect(keep(prompt(1), in: &cache)?.sequence == 8)
        #expect(keep(prompt(2), in: &cache)?.sequence == 9)
        #expect(cache.match(prompt(1) + [5])?.length == 80)
        #expect(keep(prompt(3), in: &cache)?.evicted?.tokens == prompt(2))
        #expect(cache.match(prompt(2) + [5]) == nil)
        #expect(cache.match(prompt(1) + [5]) != nil)
        for number in 4...5 as ClosedRange<Token> {
            let place = cache.lend()
            cache.publish(prompt(number), in: place?.sequence ?? 0, isLent: true)
        }
        #expect(cache.lend() == nil)
        #expect(!cache.canLend && cache.cells == 0)
        #expect(cache.match(prompt(4) + [5]) != nil, "a prompt in use can be copied")
    }

    @Test func `the next turn of a conversation takes the place of the last`() throws {
        var runner = try runner()
        var said = Self.system
        for turn in 0..<4 {
            said += "turn \(turn) " + String(repeating: "x", count: 20)
            _ = try runner.submit(ask(said, k: turn % 2 == 0 ? 1 : 4))
            try runner.finish()
        }
        #expect(runner.batch.prefixCounts.hits == 3)
        // Each turn adds less than is worth a copy of its own, so the first stays.
        #expect(runner.batch.model.liveSequences == 1)
        _ = try runner.submit(ask(said + String(repeating: "y", count: 80)))
        try runner.finish()
        #expect(runner.batch.model.liveSequences == 1)
    }

    @Test func `the last token of a prompt is always evaluated`() {
        var cache = PrefixCache(limits: Self.limits)
        let prompt = Array(repeating: Token(1), count: 80)
        _ = keep(prompt, in: &cache)
        #expect(cache.match(prompt)?.length == 79)
    }

    @Test(arguments: [(63, false), (64, true)], [1, 4])
    func `only a gain of some size is worth a copy`(length: (tokens: Int, isWorth: Bool), k: Int) throws {
        var runner = try runner()
        // Two tokens of the prompt are the template's.
        _ = try runner.submit(ask(String(repeating: "x", count: length.tokens - 2), k: k))
        try runner.finish()
        #expect(runner.batch.model.liveSequences == (length.isWorth ? 1 : 0))
        #expect(runner.batch.reservedCells == (length.isWorth ? length.tokens : 0))
    }

    @Test func `a prompt is found while the request that brought it still runs`() throws {
        var runner = try runner()
        _ = try runner.submit(ask(Self.system + "first", k: 8))
        for _ in 0..<6 { runner.step() }
        let second = try runner.submit(ask(Self.system + "second"))
        try runner.finish()
        #expect(runner.result(of: second)?.compute.cachedTokens == Self.system.utf8.count)
    }

    @Test(arguments: [1, 2])
    func `a kept prompt whose place is needed is the last to go, and used even then`(places: Int) throws {
        var limits = Self.limits
        limits.prefixSequences = places
        var runner = try runner(limits)
        let next = ask(Self.system + "second")
        var handles: [RequestHandle] = []
        for request in [ask(Self.system + "first"), ask(String(repeating: "other ", count: 20))].prefix(
            places
        ) + [next] {
            handles.append(try runner.submit(request))
            try runner.finish()
        }
        let second = handles[places]
        #expect(runner.result(of: second)?.compute.cachedTokens == Self.system.utf8.count)
        limits.prefixSequences = 0
        var reference = try self.runner(limits)
        let without = try reference.submit(next)
        try reference.finish()
        #expect(runner.result(of: second)?.candidates == reference.result(of: without)?.candidates)
        // With one place the second stays in the first's; with two it brings nothing that the first has not.
        let kept = handles[places == 1 ? 1 : 0]
        #expect(runner.batch.reservedCells == runner.result(of: kept)?.compute.promptTokens)
        let counts = runner.batch.prefixCounts
        #expect(counts == PrefixCounts(lookups: places + 1, hits: 1, reusedTokens: Self.system.utf8.count))
    }

    @Test func `a cancelled prompt leaves nothing half evaluated behind`() throws {
        for steps in 0...6 {
            var runner = try runner()
            let handle = try runner.submit(ask(Self.system + String(repeating: "z", count: 150)))
            for _ in 0..<steps { runner.step() }
            runner.batch.cancel(handle)
            let next = ask(Self.system + "next")
            let with = try runner.submit(next)
            try runner.finish()
            var limits = Self.limits
            limits.prefixSequences = 0
            var reference = try self.runner(limits)
            let without = try reference.submit(next)
            try reference.finish()
            #expect(runner.result(of: with)?.candidates == reference.result(of: without)?.candidates)
        }
    }

    @Test(arguments: [1, 2])
    func `a known prompt that had to make room is evaluated anew`(places: Int) throws {
        var limits = Self.limits
        limits.cells = 400
        limits.prefixSequences = places
        var runner = try runner(limits)
        _ = try runner.submit(.asking(Self.system + "first", k: 3, .bestScore, maxTokens: 10))
        try runner.finish()
        let second = try runner.submit(.asking(Self.system + "second", k: 4, .bestScore, maxTokens: 115))
        try runner.finish()
        let result = try #require(runner.result(of: second), "\(runner.failures)")
        #expect(result.compute.cachedTokens == 0)
        #expect(runner.batch.prefixCounts.hits == 0)
    }

    @Test func `cached prompts make room for those who grow`() throws {
        func mostAtOnce(places: Int) throws -> Int {
            let limits = ModelLimits(
                contextTokens: 1_000,
                sequences: 36,
                prefixSequences: places,
                rowsPerBatch: 64,
                cells: 4_000
            )
            var runner = try runner(limits)
            for number in 0..<4 {
                _ = try runner.submit(
                    .asking("\(number)" + String(repeating: "y", count: 900), maxTokens: 40)
                )
                try runner.finish()
            }
            _ = try runner.submit(.asking("hello", k: 32, .bestScore, maxTokens: 100))
            var most = 0
            while runner.batch.hasWork {
                runner.step()
                most = max(most, runner.batch.runningCandidates)
            }
            return most
        }
        #expect(try mostAtOnce(places: 4) == mostAtOnce(places: 0))
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
