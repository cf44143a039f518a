import Testing

@testable import Policy

@Suite struct ReviewRuleTests {
    private func policy(_ lines: String...) throws -> SplitPolicy {
        try SplitPolicy(document(lines.joined(separator: "\n"), "salt: s"))
    }

    @Test(
        arguments: [
            (0.39, ReviewReason.score), (0.4, nil), (1, nil), (nil, nil),
        ] as [(Double?, ReviewReason?)]
    )
    func `a low score asks for a label, and no score doesn't`(score: Double?, reason: ReviewReason?) throws {
        let policy = try policy("review: {when_score_below: 0.4}")
        #expect(policy.review(requestID: "r", score: score) == reason)
    }

    @Test func `the sample is its share of all requests, whatever they scored`() throws {
        let policy = try policy("review: {when_score_below: 0.4, sample: 20%}")
        let ids = (0..<5_000).map { "request-\($0)" }
        let high = ids.map { policy.review(requestID: $0, score: 0.9) }
        let low = ids.map { policy.review(requestID: $0, score: 0.1) }
        let unscored = ids.map { policy.review(requestID: $0, score: nil) }
        // Four standard errors: the ids are fixed, so this passes for good or never.
        let sampled = high.count { $0 == .sample }
        #expect(abs(sampled - 1_000) < 114, "\(sampled)")
        #expect(high == unscored && !high.contains(.score) && !high.contains(.both))
        #expect(low == high.map { $0 == nil ? .score : .both })
    }

    @Test func `a larger sample has the smaller one in it, and no other use of the id shows in it`() throws {
        let (small, large) = (try policy("review: {sample: 5%}"), try policy("review: {sample: 50%}"))
        let gate = TrafficGate(share: Share(basisPoints: 5_000), salt: "s")
        var both = 0
        for id in (0..<4_000).map({ "request-\($0)" }) {
            let isIn = large.review(requestID: id, score: nil) != nil
            if small.review(requestID: id, score: nil) != nil { #expect(isIn, "\(id)") }
            if isIn, gate.admits(SubjectID(rawValue: id)) { both += 1 }
        }
        #expect(abs(both - 1_000) < 110, "\(both)")
    }

    @Test(
        arguments: [
            ("review: {sample: 1%}", false, false), ("capture: {prompts: none}", false, false),
            ("review: {sample: 1%}\ncapture: {prompts: reviewed}", true, false),
            ("capture: {prompts: all}", true, true),
        ]
    )
    func `words are kept of whom the policy says`(lines: String, reviewed: Bool, others: Bool) throws {
        let policy = try policy(lines)
        #expect(policy.captures(.score) == reviewed)
        #expect(policy.captures(nil) == others)
    }

    @Test func `a policy without a review asks for nothing`() throws {
        #expect(try policy("blind: false").review(requestID: "r", score: 0) == nil)
    }
}
