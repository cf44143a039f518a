import TestSupport
import Testing

@testable import Store

@Suite struct CandidateCodingTests {
    @Test func `candidates read back with exact scores and close step scores`() throws {
        var random = SeededGenerator(seed: 11)
        let candidates = (0..<64).map { index in
            RecordedCandidate(
                score: index.isMultiple(of: 5) ? nil : Double(Float.random(in: 0...1, using: &random)),
                stepScores: (0..<Int.random(in: 0...40, using: &random)).map { _ in
                    Double.random(in: 0...1, using: &random)
                },
                thinkingTokens: Int.random(in: 0...100_000, using: &random),
                answerTokens: Int.random(in: 0...300, using: &random),
                logProbability: Double.random(in: -4_000...0, using: &random),
                answerDigest: index.isMultiple(of: 3) ? UInt32.random(in: 0 ... .max, using: &random) : nil,
                end: RecordedCandidate.End.allCases[index % 5],
                cutAtStep: index.isMultiple(of: 7) ? Int.random(in: 0...300, using: &random) : nil,
                isBranch: index.isMultiple(of: 4)
            )
        }
        let read = try #require(CandidateCoding.unpack(CandidateCoding.pack(candidates)))
        #expect(read.count == candidates.count)
        for (read, written) in zip(read, candidates) {
            #expect(read.score == written.score)
            #expect(
                read.thinkingTokens == written.thinkingTokens && read.answerTokens == written.answerTokens
            )
            #expect(read.answerDigest == written.answerDigest && read.end == written.end)
            #expect(read.cutAtStep == written.cutAtStep && read.isBranch == written.isBranch)
            #expect(abs(read.logProbability - written.logProbability) <= abs(written.logProbability) * 1e-4)
            #expect(zip(read.stepScores, written.stepScores).allSatisfy { abs($0 - $1) <= 0.012_5 })
            #expect(read.stepScores.count == written.stepScores.count)
        }
    }

    @Test func `a scored candidate of five steps takes sixteen bytes`() {
        var candidate = RecordedCandidate.sample
        candidate.answerDigest = nil
        let one = CandidateCoding.pack([candidate]).count
        #expect(CandidateCoding.pack([candidate, candidate]).count - one == 16)
    }

    @Test(arguments: [0.0, 1.0, -1.0, 2.0, Double.nan, .infinity])
    func `a step score outside its range is kept at the edge`(score: Double) throws {
        let packed = CandidateCoding.pack([RecordedCandidate(stepScores: [score])])
        let read = try #require(CandidateCoding.unpack(packed)?.first?.stepScores.first)
        #expect((0...1).contains(read))
    }

    @Test func `blobs from before cuts and branches were kept read as ever`() throws {
        // A scored and answered candidate of two steps, then a pruned one with neither.
        let bytes: [UInt8] = [
            1, 2,
            0b0000_1101, 0x7b, 0x14, 0x6e, 0x3f, 0x00, 0xfc, 0xc1, 98, 12, 2, 127, 141, 0x78, 0x56, 0x34,
            0x12,
            0b0001_0000, 0, 0, 0xc0, 0x80, 0x02, 0, 1, 0,
        ]
        let read = try #require(CandidateCoding.unpack(bytes))
        #expect(read.map(\.end) == [.length, .pruned])
        #expect(read.map(\.cutAtStep) == [nil, nil] && read.map(\.isBranch) == [false, false])
        #expect(read.map(\.score) == [Double(Float(0.93)), nil])
        #expect(read.map(\.answerDigest) == [0x1234_5678, nil])
        #expect(read.map(\.thinkingTokens) == [98, 256] && read.map(\.stepScores.count) == [2, 1])
    }

    @Test func `a cut lies after the steps, and says so in a bit of its own`() throws {
        // Pruned at step 3, then one that only would have been cut at step 300, begun within another.
        let bytes: [UInt8] = [
            1, 2,
            0b0011_0000, 0, 0, 0, 9, 0, 3, 127, 127, 127, 3,
            0b0110_0010, 0, 0, 0, 9, 4, 0, 0xac, 0x02,
        ]
        let candidates = [
            RecordedCandidate(stepScores: [0.5, 0.5, 0.5], thinkingTokens: 9, end: .pruned, cutAtStep: 3),
            RecordedCandidate(thinkingTokens: 9, answerTokens: 4, end: .stop, cutAtStep: 300, isBranch: true),
        ]
        #expect(CandidateCoding.pack(candidates) == bytes)
        #expect(CandidateCoding.unpack(bytes) == candidates)
    }

    @Test func `bytes cut anywhere are refused`() {
        var cut = RecordedCandidate.sample
        cut.cutAtStep = 200
        let packed = CandidateCoding.pack([.sample, cut])
        for length in 0..<packed.count { #expect(CandidateCoding.unpack([UInt8](packed[..<length])) == nil) }
        #expect(CandidateCoding.unpack(packed + [0]) == nil)
    }
}
