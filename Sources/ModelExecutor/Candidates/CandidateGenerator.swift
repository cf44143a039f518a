/// The random numbers of one candidate: a function of the request's seed and the candidate's index alone.
///
/// SplitMix64: one addition and a mix per number, 2^64 states, no set-up. Each candidate has its own, so what
/// one draws never depends on how many others there are or how far they got.
struct CandidateGenerator: Sendable {
    private var state: UInt64

    init(seed: UInt64, candidate: Int) {
        let stream = Self.mix(UInt64(truncatingIfNeeded: candidate) &+ Self.increment)
        state = Self.mix(seed ^ stream)
    }

    /// Uniform in [0, 1), on the 2^53 multiples of 2^-53.
    mutating func nextUniform() -> Double {
        state &+= Self.increment
        return Double(Self.mix(state) >> 11) * 0x1p-53
    }

    /// 2^64 divided by the golden ratio, made odd: successive states are spread evenly.
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
