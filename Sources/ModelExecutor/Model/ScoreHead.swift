/// The score head of a reflective model: `W2 · relu(W1 · f + b1) + b2`, its sigmoid being the step score.
///
/// Dropout of the training recipe is off here. The arithmetic is done in 32-bit floats whatever the file held, because residual streams carry
/// outlier channels that 16-bit accumulation would lose.
public struct ScoreHead: Sendable {
    /// Four times the widest published backbones; beyond it a size is a damaged file.
    public static let maximumHiddenSize = 65_536

    /// Width c of the residual stream that it reads; the hidden layer has 2c units.
    public let hiddenSize: Int
    /// What a trace's score is worth; nil where nobody measured it.
    public let calibration: Calibration?
    private let w1: [Float]
    private let b1: [Float]
    private let w2: [Float]
    private let b2: Float

    /// Takes `w1` as 2c rows of c, `b1` and `w2` of 2c, `b2` of 1, all finite.
    public init(
        hiddenSize: Int,
        w1: [Float],
        b1: [Float],
        w2: [Float],
        b2: [Float],
        calibration: Calibration? = nil
    ) throws(ExecutorError) {
        guard (1...Self.maximumHiddenSize).contains(hiddenSize) else {
            throw .unusableHead("hidden size is \(hiddenSize); 1 to \(Self.maximumHiddenSize) is possible")
        }
        let expected = [
            ("w1", w1.count, 2 * hiddenSize * hiddenSize), ("b1", b1.count, 2 * hiddenSize),
            ("w2", w2.count, 2 * hiddenSize), ("b2", b2.count, 1),
        ]
        for (name, count, wanted) in expected where count != wanted {
            throw .unusableHead(
                "\(name) has \(count) values, \(wanted) expected at hidden size \(hiddenSize)"
            )
        }
        for (name, values) in [("w1", w1), ("b1", b1), ("w2", w2), ("b2", b2)]
        where !values.allSatisfy(\.isFinite) {
            throw .unusableHead("\(name) holds a value that is not finite; the file is damaged")
        }
        self.hiddenSize = hiddenSize
        self.calibration = calibration
        self.w1 = w1
        self.b1 = b1
        self.w2 = w2
        self.b2 = b2[0]
    }

    /// The head's output before the sigmoid.
    public func logit(_ features: UnsafeBufferPointer<Float>) -> Float {
        precondition(
            features.count == hiddenSize,
            "head of width \(hiddenSize) given \(features.count) features"
        )
        var sum = b2
        w1.withUnsafeBufferPointer { w1 in
            for unit in 0..<2 * hiddenSize {
                let weights = UnsafeBufferPointer(rebasing: w1[unit * hiddenSize..<(unit + 1) * hiddenSize])
                let activation = VectorMath.dot(weights, features) + b1[unit]
                if activation > 0 { sum += w2[unit] * activation }
            }
        }
        return sum
    }

    /// The probability-like score of a step, 0 to 1.
    public func score(_ features: UnsafeBufferPointer<Float>) -> Float {
        1 / (1 + VectorMath.exponential(-logit(features)))
    }
}
