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
    /// Logits further below the peak than this, times the temperature, weigh nothing: less than e^-20 each, at
    /// worst 0.0003 of the whole on a vocabulary of 150,000.
    static let reach: Float = 20

    /// Tokens within this of the peak are heavy: at least e^-9, a ten-thousandth of the likeliest.
    private static let heavyReach: Float = 9

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
            let survivors = survivors(of: logits, peak: peak, sampling: sampling, mass: &mass)
            token = pick(survivors, sampling: sampling, uniform: generator.nextUniform())
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

    /// The entries that top-k and top-p choose among: the heavy ones where those suffice, else all within reach.
    private mutating func survivors(
        of logits: UnsafeBufferPointer<Float>,
        peak: Float,
        sampling: Sampling,
        mass: inout Double
    ) -> Survivors {
        let temperature = Float(sampling.temperature)
        func weighed(_ reach: Float, _ mass: inout Double) -> Survivors {
            weigh(logits, peak: peak, temperature: temperature, heavyReach: reach, mass: &mass)
        }
        if sampling.topK == 0, sampling.topP >= 1 { return weighed(Self.reach, &mass) }
        let heavy = weighed(Self.heavyReach, &mass)
        let suffices =
            sampling.topK > 0 ? heavy.count >= sampling.topK : heavy.listed >= heavy.total * sampling.topP
        return suffices ? heavy : weighed(Self.reach, &mass)
    }

    /// Sums the weights within reach of the peak at this temperature, and lists the heavy ones in `entries`.
    ///
    /// `mass` becomes the sum at temperature 1. Listing costs more than summing, and top-k and top-p hardly ever
    /// look past the heavy ones, so that is only done again, with all of them, when they do.
    private mutating func weigh(
        _ logits: UnsafeBufferPointer<Float>,
        peak: Float,
        temperature: Float,
        heavyReach: Float,
        mass: inout Double
    ) -> Survivors {
        let massThreshold = peak - Self.reach
        let threshold = peak - Self.reach * temperature
        let heavy = peak - heavyReach * temperature
        let outer = min(threshold, massThreshold)
        let inverse = 1 / temperature
        var massSum = VectorMath.Lanes.zero
        var sum = VectorMath.Lanes.zero
        var survivors = Survivors()
        entries.withUnsafeMutableBufferPointer { entries in
            var offset = 0
            while offset < logits.count {
                let block = VectorMath.lanes(logits, at: offset, padding: -.infinity)
                if any(block .>= outer) {
                    let distance = block - peak
                    let plain = VectorMath.exponential(distance)
                    massSum += plain.replacing(with: 0, where: .!(block .>= massThreshold))
                    if any(block .>= threshold) {
                        let weights = temperature == 1 ? plain : VectorMath.exponential(distance * inverse)
                        sum += weights.replacing(with: 0, where: .!(block .>= threshold))
                        let near = block .>= heavy
                        if any(near) {
                            for lane in 0..<VectorMath.width where near[lane] {
                                entries[survivors.count] = Entry(
                                    weight: weights[lane],
                                    token: Token(offset + lane)
                                )
                                survivors.count += 1
                                survivors.listed += Double(weights[lane])
                            }
                        }
                    }
                }
                offset += VectorMath.width
            }
        }
        mass = Double(massSum.sum())
        survivors.total = Double(sum.sum())
        return survivors
    }

    /// What `weigh` found: how many entries it listed, what those weigh, and what all within reach weigh.
    private struct Survivors {
        var count = 0
        var listed = 0.0
        var total = 0.0
    }

    /// The token at the point `uniform` of what top-k and top-p leave of the listed entries.
    private mutating func pick(_ survivors: Survivors, sampling: Sampling, uniform: Double) -> Token {
        entries.withUnsafeMutableBufferPointer { entries in
            let pool = UnsafeMutableBufferPointer(rebasing: entries[0..<survivors.count])
            let limit = sampling.topK > 0 ? min(sampling.topK, pool.count) : pool.count
            if limit == pool.count && sampling.topP >= 1 {
                return Self.walk(pool, from: 0, by: 1, count: limit, to: uniform * survivors.listed)
            }
            Self.heapify(pool)
            // Popped entries gather at the end of the pool, the likeliest last.
            var popped = 0
            var total = survivors.total
            if sampling.topK > 0 {
                total = 0
                while popped < limit { total += Double(Self.pop(pool, &popped)) }
            }
            let wanted = total * sampling.topP
            var kept = 0
            var cumulative = 0.0
            while kept < limit, kept == 0 || cumulative < wanted {
                if kept == popped { _ = Self.pop(pool, &popped) }
                kept += 1
                cumulative += Double(pool[pool.count - kept].weight)
            }
            return Self.walk(pool, from: pool.count - 1, by: -1, count: kept, to: uniform * cumulative)
        }
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
