/// The combinations that `ExecutorBenchmark` measures: every value of each list with every value of the others.
public struct BenchmarkGrid: Sendable, Hashable {
    /// One combination.
    public struct Point: Sendable, Hashable {
        /// Candidates of each request.
        public var k: Int
        /// Requests at once.
        public var concurrency: Int
        public var opening: Opening
    }

    /// What a model is opened with; points that share it are measured on one context.
    public struct Opening: Sendable, Hashable {
        public var promptTokens: Int
        public var layout: LlamaSettings.Layout
        public var cacheType: LlamaSettings.CacheType
        /// Nil: chosen from the machine and the model.
        public var threads: Int?
    }

    public var efforts = [1, 8, 32, 64]
    public var concurrency = [1, 4]
    public var promptTokens = [40]
    public var layouts = [LlamaSettings.Layout.automatic]
    public var cacheTypes = [LlamaSettings.CacheType.half]
    /// Empty: one choice, from the machine and the model.
    public var threads: [Int] = []

    public init() {}

    /// A grid beyond this would run for hours.
    public static let mostPoints = 256
    /// The executor's own limit of candidates in a request.
    public static let largestEffort = 64
    /// Past the longest prompt that a benchmark of minutes can evaluate.
    public static let longestPrompt = 100_000

    public var openings: [Opening] {
        let threads: [Int?] = self.threads.isEmpty ? [nil] : self.threads
        return promptTokens.flatMap { tokens in
            layouts.flatMap { layout in
                cacheTypes.flatMap { type in
                    threads.map {
                        Opening(promptTokens: tokens, layout: layout, cacheType: type, threads: $0)
                    }
                }
            }
        }
    }

    public func points(of opening: Opening) -> [Point] {
        concurrency.flatMap { requests in
            efforts.map { Point(k: $0, concurrency: requests, opening: opening) }
        }
    }

    /// The most sequences alive at once.
    public var sequences: Int { (efforts.max() ?? 1) * (concurrency.max() ?? 1) }

    /// What is wrong with the first list that can't be measured; nil for a good grid.
    public var problem: String? {
        let lists = [
            ("k", efforts, Self.largestEffort), ("concurrency", concurrency, LlamaSettings.maximumSequences),
            ("prompt-tokens", promptTokens, Self.longestPrompt),
            ("threads", threads, LlamaSettings.maximumThreads),
        ]
        for (name, values, most) in lists {
            if let value = values.first(where: { !(1...most).contains($0) }) {
                return "--\(name) holds \(value); choose 1 to \(most)"
            }
            guard !values.isEmpty || name == "threads" else { return "--\(name) is empty; name at least one" }
            guard Set(values).count == values.count else { return "--\(name) names a value twice" }
        }
        guard sequences <= LlamaSettings.maximumSequences else {
            return "the largest k times the largest concurrency is \(sequences) sequences; llama.cpp holds "
                + "\(LlamaSettings.maximumSequences)"
        }
        let count = openings.count * efforts.count * concurrency.count
        guard (1...Self.mostPoints).contains(count) else {
            return "these are \(count) combinations; choose 1 to \(Self.mostPoints)"
        }
        return nil
    }
}
