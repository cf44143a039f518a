/// A token that was drawn, and how likely the model itself found it.
struct SampledToken: Equatable {
    var token: Token
    /// Under the model's own distribution: temperature 1, no penalty, no filter. Candidates of requests with
    /// different sampling stay comparable, and a greedy candidate does not come out as certain.
    var logProbability: Double
}

/// Draws tokens; one per batch, because its scratch space is as large as the vocabulary.
///
/// One pass finds the peak, a second turns what lies near it into weights, and only as many of those as top-k
/// and top-p let through are ever put in order, by popping a heap. Nothing is allocated per token.
struct Sampler {
    /// Logits further below the peak than this (times the temperature, if above 1) weigh nothing: e^-20 each,
    /// at worst 0.0003 in all on a vocabulary of 150,000.
    static let reach: Float = 20

    private struct Entry {
        var weight: Float
        var token: Token

        /// Heavier first; the lower id on ties, so that the order never depends on the heap's shape.
        func precedes(_ other: Entry) -> Bool {
            weight > other.weight || (weight == other.weight && token < other.token)
        }
    }

    private var entries: [Entry]
    private var adjusted: [Float] = []

    init(vocabularySize: Int) {
        entries = Array(repeating: Entry(weight: 0, token: 0), count: vocabularySize)
    }

    /// Draws from the logits; nil when none of them is a finite peak, which only a broken model gives.
    mutating func sample(
        _ logits: UnsafeBufferPointer<Float>,
        sampling: Sampling,
        seen: SeenTokens?,
        generator: inout CandidateGenerator
    ) -> SampledToken? {
        precondition(logits.count == entries.count, "\(logits.count) logits for \(entries.count) tokens")
        let peak = VectorMath.maximum(logits)
        guard peak.isFinite else { return nil }
        guard let seen else {
            return draw(logits, peak: peak, own: nil, sampling: sampling, generator: &generator)
        }
        let own = (logits: logits, peak: peak)
        adjust(logits, seen: seen, penalty: Float(sampling.repetitionPenalty))
        var penalised: [Float] = []
        swap(&penalised, &adjusted)
        defer { swap(&penalised, &adjusted) }
        return penalised.withUnsafeBufferPointer { changed in
            let changedPeak = VectorMath.maximum(changed)
            guard changedPeak.isFinite else { return nil }
            return draw(changed, peak: changedPeak, own: own, sampling: sampling, generator: &generator)
        }
    }

    private mutating func adjust(_ logits: UnsafeBufferPointer<Float>, seen: SeenTokens, penalty: Float) {
        if adjusted.isEmpty { adjusted = Array(repeating: 0, count: logits.count) }
        adjusted.withUnsafeMutableBufferPointer { buffer in
            _ = buffer.update(from: logits)
            for token in seen.tokens {
                let logit = buffer[Int(token)]
                buffer[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
            }
        }
    }

    /// `own` is the model's distribution where `logits` are penalised ones.
    private mutating func draw(
        _ logits: UnsafeBufferPointer<Float>,
        peak: Float,
        own: (logits: UnsafeBufferPointer<Float>, peak: Float)?,
        sampling: Sampling,
        generator: inout CandidateGenerator
    ) -> SampledToken? {
        let token: Token
        var mass = 0.0
        if sampling.temperature == 0 || sampling.topK == 1 {
            guard let index = logits.firstIndex(of: peak) else { return nil }
            token = Token(index)
            if own == nil { mass = Self.mass(logits, peak: peak) }
        } else {
            let survivors = weigh(logits, peak: peak, temperature: Float(sampling.temperature), mass: &mass)
            token = pick(survivors: survivors, sampling: sampling, uniform: generator.nextUniform())
        }
        let source = own ?? (logits: logits, peak: peak)
        if own != nil { mass = Self.mass(source.logits, peak: source.peak) }
        let logProbability = Double(source.logits[Int(token)] - source.peak) - VectorMath.logarithm(mass)
        return SampledToken(token: token, logProbability: logProbability)
    }

    /// Sum of e^(logit - peak) over everything within reach of the peak.
    private static func mass(_ logits: UnsafeBufferPointer<Float>, peak: Float) -> Double {
        var sum = VectorMath.Lanes.zero
        var offset = 0
        while offset < logits.count {
            let block = VectorMath.lanes(logits, at: offset, padding: -.infinity)
            let near = block .>= (peak - reach)
            if any(near) {
                sum += VectorMath.exponential(block - peak).replacing(with: 0, where: .!near)
            }
            offset += VectorMath.width
        }
        return Double(sum.sum())
    }

    /// Fills `entries` with what is within reach and returns how many; `mass` becomes that at temperature 1.
    private mutating func weigh(
        _ logits: UnsafeBufferPointer<Float>,
        peak: Float,
        temperature: Float,
        mass: inout Double
    ) -> Int {
        let threshold = peak - Self.reach * max(1, temperature)
        let inverse = 1 / temperature
        var sum = VectorMath.Lanes.zero
        var count = 0
        entries.withUnsafeMutableBufferPointer { entries in
            var offset = 0
            while offset < logits.count {
                let block = VectorMath.lanes(logits, at: offset, padding: -.infinity)
                let near = block .>= threshold
                if any(near) {
                    let distance = block - peak
                    let plain = VectorMath.exponential(distance).replacing(with: 0, where: .!near)
                    sum += plain
                    let weights = temperature == 1 ? plain : VectorMath.exponential(distance * inverse)
                    for lane in 0..<VectorMath.width where near[lane] {
                        entries[count] = Entry(weight: weights[lane], token: Token(offset + lane))
                        count += 1
                    }
                }
                offset += VectorMath.width
            }
        }
        mass = Double(sum.sum())
        return count
    }

    /// The token at the point `uniform` of what top-k and top-p leave of the first `survivors` entries.
    private mutating func pick(survivors: Int, sampling: Sampling, uniform: Double) -> Token {
        let limit = sampling.topK > 0 ? min(sampling.topK, survivors) : survivors
        return entries.withUnsafeMutableBufferPointer { entries in
            let pool = UnsafeMutableBufferPointer(rebasing: entries[0..<survivors])
            if limit == survivors && sampling.topP >= 1 {
                return Self.walk(pool, from: 0, by: 1, count: survivors, to: uniform * Self.total(pool))
            }
            Self.heapify(pool)
            // Popped entries gather at the end of the pool, the likeliest last.
            var popped = 0
            var total = 0.0
            if limit < survivors {
                while popped < limit { total += Double(Self.pop(pool, &popped)) }
            } else {
                total = Self.total(pool)
            }
            let wanted = total * sampling.topP
            var kept = 0
            var cumulative = 0.0
            while kept < limit, kept == 0 || cumulative < wanted {
                if kept == popped { _ = Self.pop(pool, &popped) }
                kept += 1
                cumulative += Double(pool[survivors - kept].weight)
            }
            return Self.walk(pool, from: survivors - 1, by: -1, count: kept, to: uniform * cumulative)
        }
    }

    private static func total(_ pool: UnsafeMutableBufferPointer<Entry>) -> Double {
        var sum = 0.0
        for entry in pool { sum += Double(entry.weight) }
        return sum
    }

    private static func walk(
        _ pool: UnsafeMutableBufferPointer<Entry>,
        from start: Int,
        by stride: Int,
        count: Int,
        to point: Double
    ) -> Token {
        var cumulative = 0.0
        var index = start
        for _ in 1..<max(1, count) {
            cumulative += Double(pool[index].weight)
            if cumulative > point { break }
            index += stride
        }
        return pool[index].token
    }

    private static func heapify(_ pool: UnsafeMutableBufferPointer<Entry>) {
        var parent = pool.count / 2
        while parent > 0 {
            parent -= 1
            sink(pool, from: parent, count: pool.count)
        }
    }

    /// Moves the heap's first entry behind the heap and returns its weight.
    private static func pop(_ pool: UnsafeMutableBufferPointer<Entry>, _ popped: inout Int) -> Float {
        let last = pool.count - popped - 1
        pool.swapAt(0, last)
        popped += 1
        sink(pool, from: 0, count: last)
        return pool[last].weight
    }

    private static func sink(_ pool: UnsafeMutableBufferPointer<Entry>, from start: Int, count: Int) {
        var parent = start
        let entry = start < count ? pool[start] : Entry(weight: 0, token: 0)
        while true {
            var child = 2 * parent + 1
            guard child < count else { break }
            if child + 1 < count, pool[child + 1].precedes(pool[child]) { child += 1 }
            guard pool[child].precedes(entry) else { break }
            pool[parent] = pool[child]
            parent = child
        }
        if start < count { pool[parent] = entry }
    }
}
