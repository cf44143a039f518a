import Testing

@testable import Policy

/// Which requests have a shadow.
@Suite struct ShadowRuleTests {
    private func policy(share: String = "5%", arms: String = "", more: String = "") throws -> SplitPolicy {
        try SplitPolicy(
            """
            policy: p
            salt: s
            client_effort: honour
            arms:
              low: {share: 40%, mode: low, control: true}
              medium: {share: 40%, mode: medium}
              high: {share: 20%, mode: high}
            overrides: [{header: {x-arm: low}, arm: low}]
            shadow: {mode: high, share: \(share)\(arms)}
            """ + more
        )
    }

    private func assignment(
        _ policy: SplitPolicy,
        subject: String,
        header: String? = nil,
        effort: String? = nil
    ) throws -> Assignment {
        var headers = ["x-subject-id": subject]
        headers["x-arm"] = header
        return try policy.assignment(
            for: RequestAttributes(model: "m", headers: headers),
            requestID: "r",
            clientEffort: effort
        )
    }

    /// One subject of each arm.
    private func subject(of arm: ArmID, _ policy: SplitPolicy) throws -> String {
        try #require(
            (0..<1_000).lazy.map { "s\($0)" }.first { policy.arm(for: SubjectID(rawValue: $0)).id == arm }
        )
    }

    @Test func `requests of arms that are served in another mode are eligible`() throws {
        let policy = try policy()
        let rule = try #require(policy.shadow)
        for arm in ["low", "medium"] as [ArmID] {
            let made = try assignment(policy, subject: subject(of: arm, policy))
            #expect(policy.shadowing(of: made) == .eligible(rule), "\(arm)")
        }
        let high = try assignment(policy, subject: subject(of: "high", policy))
        #expect(policy.shadowing(of: high) == .otherArm && policy.shadowMode(of: high, requestID: "r") == nil)
    }

    @Test func `a rule that names arms leaves the others alone`() throws {
        let policy = try policy(share: "100%", arms: ", arms: [low]")
        let low = try assignment(policy, subject: subject(of: "low", policy))
        let medium = try assignment(policy, subject: subject(of: "medium", policy))
        #expect(policy.shadowMode(of: low, requestID: "r") == .high)
        #expect(policy.shadowing(of: medium) == .otherArm)
        #expect(policy.shadowMode(of: medium, requestID: "r") == nil)
    }

    @Test func `what the analysis leaves out has no shadow`() throws {
        let policy = try policy(share: "100%")
        let overridden = try assignment(policy, subject: "a", header: "low")
        let asking = try assignment(policy, subject: "a", effort: "low")
        for made in [overridden, asking] {
            #expect(made.excludedBecause != nil && policy.shadowing(of: made) == .excluded)
            #expect(policy.shadowMode(of: made, requestID: "r") == nil)
        }
    }

    @Test func `a request that is served in the shadow's mode has none`() throws {
        let policy = try policy(share: "100%")
        let arm = try #require(policy.arm("low"))
        let raised = Assignment(
            policy: policy.id,
            version: policy.version,
            arm: arm,
            served: .high,
            subject: "a",
            subjectSource: .user,
            excludedBecause: nil
        )
        #expect(policy.shadowing(of: raised) == .sameMode)
        #expect(policy.shadowMode(of: raised, requestID: "r") == nil)
    }

    @Test func `without a rule there is none`() throws {
        let plain = try SplitPolicy(document())
        let made = try assignment(plain, subject: "a")
        #expect(plain.shadowing(of: made) == .none && plain.shadowMode(of: made, requestID: "r") == nil)
    }

    /// Computed with Python's hashlib: the first 8 bytes of sha256(b"s\0shadow:sample\0request-N"), modulo 10,000.
    @Test(arguments: [(0, 9_702), (1, 4_696), (2, 4_944), (3, 4_535)])
    func `the draw is the one that was computed independently`(number: Int, basisPoints: Int) throws {
        let id = "request-\(number)"
        for (share, isTaken) in [(basisPoints, false), (basisPoints + 1, true)] {
            let policy = try policy(share: "\(Share(basisPoints: share))")
            let made = try assignment(policy, subject: subject(of: "low", policy))
            #expect((policy.shadowMode(of: made, requestID: id) != nil) == isTaken, "\(id) at \(share)")
        }
    }

    @Test(arguments: [1, 500, 5_000, 10_000])
    func `a share of requests is taken, whoever's they are`(basisPoints: Int) throws {
        let policy = try policy(share: "\(Share(basisPoints: basisPoints))")
        let count = 20_000
        for arm in ["low", "medium"] as [ArmID] {
            let made = try assignment(policy, subject: subject(of: arm, policy))
            let taken = (0..<count).count { policy.shadowMode(of: made, requestID: "\(arm) \($0)") != nil }
            let expected = Double(count * basisPoints) / 10_000
            // Five standard deviations.
            #expect(abs(Double(taken) - expected) <= 5 * expected.squareRoot() + 1, "\(taken) of \(count)")
            if basisPoints == 10_000 { #expect(taken == count) }
        }
    }

    @Test func `it is drawn apart from arms, traffic and reviews`() {
        let labels = [SplitPolicy.shadowLabel, SplitPolicy.reviewLabel, TrafficGate.label]
        #expect(Set(labels).count == labels.count && SplitPolicy.shadowLabel.contains(":"))
    }

    @Test func `another share of an arm keeps the shadow and its mode's definition`() throws {
        let policy = try SplitPolicy(
            """
            policy: p
            arms:
              low: {share: 90%, mode: low, control: true}
              medium: {share: 10%, mode: medium}
            modes: {deep: {k: 24}}
            shadow: {mode: deep, share: 5%}
            """
        )
        let moved = policy.giving("medium", Share(basisPoints: 2_000))
        #expect(moved.shadow == policy.shadow)
        #expect(try SplitPolicy(moved.source) == moved)
    }
}
