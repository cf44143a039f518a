import TestSupport
import Testing

@testable import ModelExecutor

struct SamplerTests {
    private func draws(
        _ logits: [Float],
        _ sampling: Sampling,
        count: Int,
        seen: [Token] = []
    ) throws -> [Token: Int] {
        var sampler = Sampler(vocabularySize: logits.count)
        var generator = CandidateGenerator(seed: sampling.seed, candidate: 0)
        var tokens: SeenTokens?
        if sampling.repetitionPenalty != 1 {
            tokens = SeenTokens(vocabularySize: logits.count)
            for token in seen { tokens?.insert(token) }
        }
        var counts: [Token: Int] = [:]
        for _ in 0..<count {
            let sample = logits.withUnsafeBufferPointer {
                sampler.sample($0, sampling: sampling, seen: tokens, generator: &generator)
            }
            counts[try #require(sample).token, default: 0] += 1
        }
        return counts
    }

    /// Whether counts fit the probabilities within five standard errors.
    private func fits(_ counts: [Token: Int], _ expected: [Token: Double]) -> Bool {
        let total = Double(counts.values.reduce(0, +))
        return Set(counts.keys).isSubset(of: expected.keys)
            && expected.allSatisfy { token, probability in
                let error = (probability * (1 - probability) / total).squareRoot()
                return abs(Double(counts[token] ?? 0) / total - probability) <= 5 * error + 1e-9
            }
    }

    @Test func `tokens are drawn by their probability`() throws {
        let logits: [Float] = [0, 1, 2, -.infinity, -1]
        let weights = [1, 2.718_281_8, 7.389_056_1, 0, 0.367_879_4]
        let sum = weights.reduce(0, +)
        let counts = try draws(logits, Sampling(temperature: 1, topP: 1, seed: 1), count: 20_000)
        #expect(
            fits(
                counts,
                [0: weights[0] / sum, 1: weights[1] / sum, 2: weights[2] / sum, 4: weights[4] / sum]
            )
        )
    }

    @Test func `temperature sharpens before top-p cuts`() throws {
        // At temperature 0.5 the odds are squared: 16 to 4 to 1.
        let logits: [Float] = [1.386_294_4, 0.693_147_2, 0]
        let counts = try draws(logits, Sampling(temperature: 0.5, topP: 0.9, seed: 1), count: 20_000)
        #expect(fits(counts, [0: 0.8, 1: 0.2]))
        let all = try draws(logits, Sampling(temperature: 0.5, topP: 0.96, seed: 1), count: 20_000)
        #expect(fits(all, [0: 16.0 / 21, 1: 4.0 / 21, 2: 1.0 / 21]))
    }

    @Test func `top-k keeps the likeliest, the lowest ids on ties, and top-p cuts what is left`() throws {
        let logits: [Float] = [0, 1, 1, 1, -2]
        #expect(
            Set(try draws(logits, Sampling(temperature: 1, topP: 1, topK: 2, seed: 1), count: 500).keys) == [
                1, 2,
            ]
        )
        #expect(
            Set(try draws(logits, Sampling(temperature: 1, topP: 0.5, topK: 2, seed: 1), count: 500).keys)
                == [1]
        )
        #expect(try draws(logits, Sampling(temperature: 1, topP: 1, topK: 1, seed: 1), count: 9) == [1: 9])
    }

    @Test func `a flat distribution loses nobody to the shortcut for heavy tokens`() throws {
        // Each token of the tail is lighter than a ten-thousandth, all together an eighth.
        let tail = 2_000
        let logits = [Float(0)] + Array(repeating: Float(-9.5), count: tail)
        let counts = try draws(logits, Sampling(temperature: 1, topP: 0.99, seed: 3), count: 400)
        let share = 1 / (1 + Double(tail) * 7.485_183e-5) / 0.99
        #expect(abs(Double(counts[0] ?? 0) / 400 - share) < 0.07)
    }

    @Test func `temperature 0 takes the first of the largest`() throws {
        #expect(try draws([0, 3, 3, 1], Sampling(temperature: 0, seed: 1), count: 5) == [1: 5])
    }

    @Test func `the penalty divides positive and multiplies negative logits of seen tokens once`() throws {
        let sampling = Sampling(temperature: 0, repetitionPenalty: 2, seed: 1)
        #expect(try draws([4, 3, 0], sampling, count: 3, seen: [0, 0]) == [1: 3])
        #expect(try draws([-2, -3, -5], sampling, count: 3, seen: [0]) == [1: 3])
        #expect(try draws([4, 3, 0], sampling, count: 3, seen: []) == [0: 3])
    }

    @Test(arguments: [
        Sampling(temperature: 0, seed: 1), Sampling(seed: 1),
        Sampling(topK: 2, repetitionPenalty: 1.3, seed: 1),
    ])
    func `the log-probability is the model's own, whatever the sampling`(sampling: Sampling) throws {
        let logits: [Float] = (0..<40).map { Float($0 % 7) - (Float($0) * 0.1) }
        var sampler = Sampler(vocabularySize: 40)
        var generator = CandidateGenerator(seed: 1, candidate: 0)
        var seen: SeenTokens?
        if sampling.repetitionPenalty != 1 {
            seen = SeenTokens(vocabularySize: 40)
            seen?.insert(6)
        }
        let sample = try #require(
            logits.withUnsafeBufferPointer {
                sampler.sample($0, sampling: sampling, seen: seen, generator: &generator)
            }
        )
        let sum = logits.reduce(0) { $0 + VectorMath.exponential(Double($1)) }
        let expected = Double(logits[Int(sample.token)]) - VectorMath.logarithm(sum)
        #expect(abs(sample.logProbability - expected) < 1e-5)
    }

    @Test func `no finite logit gives nothing`() {
        var sampler = Sampler(vocabularySize: 3)
        var generator = CandidateGenerator(seed: 1, candidate: 0)
        for value in [Float.nan, .infinity, -.infinity] {
            let sample = [value, value, value].withUnsafeBufferPointer {
                sampler.sample($0, sampling: Sampling(seed: 1), seen: nil, generator: &generator)
            }
            #expect(sample == nil)
        }
    }

    @Test func `the vector exponential is exact to six digits`() {
        for step in 0...2_000 {
            let x = -Float(step) * 0.04
            let lane = VectorMath.exponential(VectorMath.Lanes(repeating: x))[3]
            #expect(abs(lane - VectorMath.exponential(x)) <= 1e-6 * VectorMath.exponential(x), "e^\(x)")
        }
    }

    @Test func `candidates have generators of their own`() {
        var streams: Set<UInt64> = []
        for seed in 0..<100 as Range<UInt64> {
            for candidate in 0..<64 {
                var generator = CandidateGenerator(seed: seed, candidate: candidate)
                streams.insert(generator.nextUniform().bitPattern)
            }
        }
        #expect(streams.count == 6_400)
    }
}
