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
                end: RecordedCandidate.End.allCases[index % 4]
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

    @Test func `bytes cut anywhere are refused`() {
        let packed = CandidateCoding.pack([.sample, .sample])
        for length in 0..<packed.count { #expect(CandidateCoding.unpack([UInt8](packed[..<length])) == nil) }
        #expect(CandidateCoding.unpack(packed + [0]) == nil)
    }
}
