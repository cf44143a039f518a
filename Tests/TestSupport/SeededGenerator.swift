/// Random numbers that replay: the same seed gives the same sequence on every machine.
///
/// xorshift64* rather than the SplitMix64 of the program, so that a test never shares a flaw with what it tests.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    public let seed: UInt64
    private var state: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        state = seed &* 0xD134_2543_DE82_EF95 | 1
        for _ in 0..<8 { _ = next() }
    }

    public mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// True with the given probability.
    public mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }
}
