/// How tokens are drawn from the model's distribution.
///
/// Order of the filters: repetition penalty, temperature, top-k, top-p. The defaults are those that the
/// reflective models were evaluated with, but for the repetition penalty (1.05 there), which is off.
public struct Sampling: Sendable, Hashable {
    /// 0 is greedy.
    public var temperature: Double
    /// Keeps the smallest set of likeliest tokens whose probability reaches this; 1 is off.
    public var topP: Double
    /// Keeps this many likeliest tokens; 0 is off.
    public var topK: Int
    /// Divides positive and multiplies negative logits of tokens seen in prompt or output; 1 is off.
    public var repetitionPenalty: Double
    /// Candidate i draws from a generator of its own, seeded from this and i.
    public var seed: UInt64

    public init(
        temperature: Double = 0.6,
        topP: Double = 0.95,
        topK: Int = 0,
        repetitionPenalty: Double = 1,
        seed: UInt64
    ) {
        self.temperature = temperature
        self.topP = topP
        self.topK = topK
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
    }
}
