import ModelExecutor
import TestSupport
import Testing

struct ScoreHeadTests {
    @Test(arguments: [1, 2, 15, 16, 17, 33, 192, 576])
    func `the head equals its formula at every width`(width: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width))
        func random(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
        }
        let w1 = random(2 * width * width)
        let b1 = random(2 * width)
        let w2 = random(2 * width)
        let features = random(width)
        let head = try ScoreHead(hiddenSize: width, w1: w1, b1: b1, w2: w2, b2: [0.25])
        var expected = 0.25
        for unit in 0..<2 * width {
            var sum = Double(b1[unit])
            for i in 0..<width { sum += Double(w1[unit * width + i]) * Double(features[i]) }
            expected += max(0, sum) * Double(w2[unit])
        }
        let logit = features.withUnsafeBufferPointer { head.logit($0) }
        #expect(abs(Double(logit) - expected) < 1e-4 * max(1, abs(expected)), "width \(width)")
    }

    @Test func `the score is the sigmoid of the logit, saturating without overflow`() throws {
        let head = try ScoreHead(hiddenSize: 1, w1: [1, -1], b1: [0, 0], w2: [1, -1], b2: [0])
        func score(_ logit: Float) -> Float { [logit].withUnsafeBufferPointer { head.score($0) } }
        #expect(score(0) == 0.5)
        #expect(abs(score(2) - 0.880_797) < 1e-6)
        #expect(score(1e30) == 1)
        #expect(score(-1e30) == 0)
    }

    @Test func `wrong shapes and damaged values are refused by name`() {
        #expect(throws: ExecutorError.unusableHead("w1 has 3 values, 2 expected at hidden size 1")) {
            try ScoreHead(hiddenSize: 1, w1: [1, 2, 3], b1: [0, 0], w2: [1, 1], b2: [0])
        }
        #expect(throws: ExecutorError.self) {
            try ScoreHead(hiddenSize: 1, w1: [1, 2], b1: [0, .nan], w2: [1, 1], b2: [0])
        }
        #expect(throws: ExecutorError.unusableHead("hidden size is 0; 1 to 65536 is possible")) {
            try ScoreHead(hiddenSize: 0, w1: [], b1: [], w2: [], b2: [0])
        }
        #expect(throws: ExecutorError.unusableHead("hidden size is \(Int.max); 1 to 65536 is possible")) {
            try ScoreHead(hiddenSize: .max, w1: [], b1: [], w2: [], b2: [0])
        }
    }

    @Test func `the mean of step scores is geometric, floored, and 0 without a step`() {
        func mean(_ scores: [Double]) -> Double {
            var mean = GeometricMean()
            for score in scores { mean.add(score) }
            return mean.value
        }
        #expect(mean([]) == 0)
        #expect(abs(mean([0.25, 1]) - 0.5) < 1e-12)
        #expect(abs(mean([0, 1]) - 1e-5) < 1e-15)
        #expect(abs(mean([0.9, 0.8, 0.7]) - 0.795_811_4) < 1e-6)
    }
}
