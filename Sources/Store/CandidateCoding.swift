/// Packs a request's candidates into one blob: 16 bytes for a scored candidate of five steps.
///
/// Per candidate: a byte of flags and end, the score as a float, the log-probability as a float without its last
/// 8 bits, two token counts and the number of steps as variable-length integers, a byte per step, the step at which
/// the pruning cut it, if it did, and, if it answered, a digest. A step score is kept as its logit in tenths between -12.7 and 12.7, so it reads back within
/// 0.0125; scores, which choose the winner, are kept to the bit that the head computed.
enum CandidateCoding {
    private static let format: UInt8 = 1
    private static let hasScore: UInt8 = 1 << 2
    private static let hasDigest: UInt8 = 1 << 3
    /// Without this bit the lowest two say how it ended; they are 0 with it.
    private static let isPruned: UInt8 = 1 << 4
    private static let hasCut: UInt8 = 1 << 5
    private static let isBranch: UInt8 = 1 << 6
    private static let ends: [RecordedCandidate.End] = [
        .closed, .length, .stop, .cancelled,
    ]

    static func pack(_ candidates: [RecordedCandidate]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + candidates.reduce(0) { $0 + 18 + $1.stepScores.count })
        bytes.append(format)
        append(candidates.count, to: &bytes)
        for candidate in candidates {
            var flags = endCode(candidate.end)
            if candidate.score != nil { flags |= hasScore }
            if candidate.answerDigest != nil { flags |= hasDigest }
            if candidate.cutAtStep != nil { flags |= hasCut }
            if candidate.isBranch { flags |= isBranch }
            bytes.append(flags)
            if let score = candidate.score { append(Float(score).bitPattern, bytes: 4, to: &bytes) }
            append(Float(candidate.logProbability).bitPattern >> 8, bytes: 3, to: &bytes)
            append(candidate.thinkingTokens, to: &bytes)
            append(candidate.answerTokens, to: &bytes)
            append(candidate.stepScores.count, to: &bytes)
            for score in candidate.stepScores { bytes.append(quantised(score)) }
            if let step = candidate.cutAtStep { append(step, to: &bytes) }
            if let digest = candidate.answerDigest { append(digest, bytes: 4, to: &bytes) }
        }
        return bytes
    }

    /// Reads what `pack` wrote; nil for anything else.
    static func unpack(_ bytes: [UInt8]) -> [RecordedCandidate]? {
        var candidates: [RecordedCandidate] = []
        let isRead = visit(bytes) { entry in
            var candidate = entry.candidate
            candidate.stepScores = entry.steps.map { 1 / (1 + exponential(-(Double($0) - 127) / 10)) }
            candidates.append(candidate)
        }
        return isRead ? candidates : nil
    }

    /// One candidate with its step scores as they lie in the blob; `candidate` has none.
    struct Entry {
        var candidate: RecordedCandidate
        var steps: ArraySlice<UInt8>
    }

    /// Shows each candidate of what `pack` wrote, without the cost of decoding its steps; false for anything else,
    /// which may show after some candidates.
    static func visit(_ bytes: [UInt8], _ body: (Entry) -> Void) -> Bool {
        var reader = Reader(bytes: bytes[...])
        guard reader.byte() == format, let count = reader.count(), count <= bytes.count else { return false }
        for _ in 0..<count {
            guard let entry = reader.entry() else { return false }
            body(entry)
        }
        return reader.bytes.isEmpty
    }

    private static func endCode(_ end: RecordedCandidate.End) -> UInt8 {
        switch end {
        case .closed: 0
        case .length: 1
        case .stop: 2
        case .cancelled: 3
        case .pruned: isPruned
        }
    }

    private static func append(_ value: UInt32, bytes count: UInt32, to bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
    }

    private static func append(_ value: Int, to bytes: inout [UInt8]) {
        var rest = UInt64(max(0, value))
        while rest > 0x7f {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func quantised(_ score: Double) -> UInt8 {
        guard score > 0 else { return 0 }
        guard score < 1 else { return 254 }
        let tenths = (logarithm(score / (1 - score)) * 10).rounded()
        return UInt8(min(127, max(-127, tenths)) + 127)
    }

    private struct Reader {
        var bytes: ArraySlice<UInt8>

        mutating func byte() -> UInt8? { bytes.popFirst() }

        mutating func word(_ count: UInt32) -> UInt32? {
            var value: UInt32 = 0
            for index in 0..<count {
                guard let byte = byte() else { return nil }
                value |= UInt32(byte) << (8 * index)
            }
            return value
        }

        mutating func count() -> Int? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 63, by: 7) {
                guard let byte = byte() else { return nil }
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return Int(exactly: value) }
            }
            return nil
        }

        mutating func entry() -> Entry? {
            guard let flags = byte() else { return nil }
            let isPruned = flags & CandidateCoding.isPruned != 0
            var candidate = RecordedCandidate(end: isPruned ? .pruned : CandidateCoding.ends[Int(flags & 3)])
            candidate.isBranch = flags & CandidateCoding.isBranch != 0
            if flags & CandidateCoding.hasScore != 0 {
                guard let bits = word(4) else { return nil }
                candidate.score = Double(Float(bitPattern: bits))
            }
            guard let logProbability = word(3), let thinking = count(), let answer = count(),
                let steps = count(),
                steps <= bytes.count
            else { return nil }
            candidate.logProbability = Double(Float(bitPattern: logProbability << 8))
            candidate.thinkingTokens = thinking
            candidate.answerTokens = answer
            let packed = bytes.prefix(steps)
            bytes = bytes.dropFirst(steps)
            if flags & CandidateCoding.hasCut != 0 {
                guard let step = count() else { return nil }
                candidate.cutAtStep = step
            }
            if flags & CandidateCoding.hasDigest != 0 {
                guard let digest = word(4) else { return nil }
                candidate.answerDigest = digest
            }
            return Entry(candidate: candidate, steps: packed)
        }
    }
}
