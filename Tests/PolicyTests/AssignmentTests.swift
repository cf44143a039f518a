import Policy
import Testing

@Suite struct AssignmentTests {
    private func request(_ headers: [String: String] = [:], user: String? = nil) -> RequestAttributes {
        RequestAttributes(model: "default", headers: headers, bodyUser: user)
    }

    @Test func `a request gets the arm of its subject`() throws {
        let policy = try SplitPolicy(document())
        let assignment = try policy.assignment(
            for: request(["X-Subject-Id": "user-1"]),
            requestID: "r",
            clientEffort: nil
        )
        #expect(assignment.arm == policy.arm(for: "user-1"))
        #expect(assignment.policy == "p")
        #expect(assignment.version == policy.version)
        #expect(assignment.assigned == assignment.arm.mode)
        #expect(assignment.served == assignment.assigned)
        #expect(assignment.subject == "user-1")
        #expect(assignment.subjectSource == .header("x-subject-id"))
        #expect(assignment.excludedBecause == nil)
    }

    @Test func `a retry keeps the first attempt's arm and subject, and counts for nothing`() throws {
        let policy = try SplitPolicy(document())
        let other = try #require(policy.arms.first { $0 != policy.arm(for: "first") })
        let retry = try policy.assignment(
            for: request(),
            requestID: "first",
            clientEffort: nil,
            retriedArm: other.id
        )
        #expect(retry.arm == other)
        #expect(retry.served == other.mode)
        #expect(retry.subject == "first")
        #expect(retry.excludedBecause == .retry)
    }

    @Test func `a retry whose arm is gone is dealt anew, and counts for nothing`() throws {
        let policy = try SplitPolicy(document())
        let retry = try policy.assignment(
            for: request(),
            requestID: "first",
            clientEffort: nil,
            retriedArm: "gone"
        )
        #expect(retry.arm == policy.arm(for: "first"))
        #expect(retry.excludedBecause == .retry)
    }

    @Test(
        arguments: [
            (ClientEffort.ignore, "high", "medium", false), (.honour, "high", "high", true),
            (.honour, "medium", "medium", false), (.honour, "minimal", "single", true),
            (.honour, "none", "single", true), (.honour, "xhigh", "high", true),
            (.cap, "high", "medium", false), (.cap, "low", "low", true), (.cap, "medium", "medium", false),
        ] as [(ClientEffort, String, ModeName, Bool)]
    )
    func `the client's effort does what the policy says`(
        rule: ClientEffort,
        effort: String,
        served: ModeName,
        isExcluded: Bool
    ) throws {
        let policy = try SplitPolicy(
            "policy: p\nclient_effort: \(rule.rawValue)\narms: {m: {share: 100%, mode: medium}}"
        )
        let assignment = try policy.assignment(for: request(), requestID: "r", clientEffort: effort)
        #expect(assignment.served.name == served)
        #expect(assignment.assigned.name == "medium")
        #expect(assignment.excludedBecause == (isExcluded ? .clientEffort : nil))
    }

    @Test(arguments: [ClientEffort.honour, .cap])
    func `whether a request is left out does not depend on its arm`(rule: ClientEffort) throws {
        let policy = try SplitPolicy(document("client_effort: \(rule.rawValue)", treatment: "50%"))
        for effort in ["minimal", "low", "medium", "high"] {
            let exclusions = try SubjectID.sample(count: 50).map { subject in
                try policy.assignment(
                    for: request(["x-subject-id": subject.rawValue]),
                    requestID: "r",
                    clientEffort: effort
                ).excludedBecause
            }
            #expect(Set(exclusions).count == 1, "\(rule) with \(effort): \(exclusions)")
        }
    }

    @Test func `an unknown effort is refused by name`() throws {
        let policy = try SplitPolicy(document())
        #expect(throws: AssignmentRefusal.unknownEffort("max")) {
            try policy.assignment(for: request(), requestID: "r", clientEffort: "max")
        }
    }

    @Test func `an override chooses the arm and leaves the request out of the analysis`() throws {
        let policy = try SplitPolicy(
            document("overrides: [{header: {x-arm: medium}, arm: medium}]", "client_effort: honour")
        )
        for subject in SubjectID.sample(count: 50) {
            let headers = ["x-subject-id": subject.rawValue, "X-Arm": "medium"]
            let assignment = try policy.assignment(
                for: request(headers),
                requestID: "r",
                clientEffort: "high"
            )
            #expect(assignment.arm.id == "medium")
            #expect(assignment.served == .medium, "the client's effort does not change an override")
            #expect(assignment.excludedBecause == .override)
        }
    }

    @Test func `the first satisfied override wins and others do nothing`() throws {
        let policy = try SplitPolicy(
            document(
                "overrides: [{header: {x-arm: m, x-staff: '*'}, arm: medium}, {header: {x-arm: m}, arm: low}]"
            )
        )
        let arm = { (headers: [String: String]) throws(AssignmentRefusal) in
            try policy.assignment(for: request(headers), requestID: "r", clientEffort: nil)
        }
        #expect(try arm(["x-arm": "m", "x-staff": "yes"]).arm.id == "medium")
        #expect(try arm(["x-arm": "m"]).arm.id == "low")
        #expect(try arm(["x-arm": "n"]).excludedBecause == nil)
    }

    @Test func `an arm that only an override reaches gets no other request`() throws {
        let policy = try SplitPolicy(
            """
            policy: p
            arms:
              low: {share: 100%, mode: low, control: true}
              qa: {share: 0%, mode: high}
            overrides: [{header: {x-arm: qa}, arm: qa}]
            """
        )
        #expect(SubjectID.sample(count: 1_000).allSatisfy { policy.arm(for: $0).id == "low" })
        let assignment = try policy.assignment(
            for: request(["x-arm": "qa"]),
            requestID: "r",
            clientEffort: nil
        )
        #expect(assignment.arm.id == "qa")
    }

    @Test func `a policy that refuses requests without a subject says which sources it knows`() throws {
        let policy = try SplitPolicy(document("subject: {from: [header:x-id, api_key], otherwise: refuse}"))
        let refusal = #expect(throws: AssignmentRefusal.self) {
            try policy.assignment(for: request(user: "u"), requestID: "r", clientEffort: nil)
        }
        #expect(refusal == .subjectMissing(policy: "p", sources: [.header("x-id"), .apiKey]))
        #expect(refusal?.description.contains("header:x-id, api_key") == true)
    }
}

@Suite struct SubjectRuleTests {
    private let rule = SubjectRule(
        from: [.header("x-id"), .safetyIdentifier, .user, .apiKey],
        otherwise: .request
    )

    @Test func `the first source with a value names the subject`() {
        let all = RequestAttributes(
            model: "m",
            headers: ["X-ID": "h"],
            bodyUser: "u",
            safetyIdentifier: "s",
            apiKeyDigest: "k"
        )
        #expect(rule.subject(of: all, requestID: "r")?.subject == "h")
        let body = RequestAttributes(model: "m", headers: [:], bodyUser: "u", safetyIdentifier: "s")
        #expect(rule.subject(of: body, requestID: "r")?.subject == "s")
        let key = RequestAttributes(model: "m", headers: [:], apiKeyDigest: "k")
        #expect(rule.subject(of: key, requestID: "r")?.source == .apiKey)
    }

    @Test func `a request without a subject is its own`() {
        let found = rule.subject(of: RequestAttributes(model: "m", headers: [:]), requestID: "r-7")
        #expect(found?.subject == "r-7")
        #expect(found?.source == .request)
    }

    @Test func `a value of nothing but spaces is no subject`() {
        let blank = RequestAttributes(model: "m", headers: ["x-id": " \t "], bodyUser: " u ")
        let found = rule.subject(of: blank, requestID: "r")
        #expect(found?.subject == "u")
        #expect(found?.source == .user)
    }

    @Test func `the description of a subject does not show it`() {
        #expect("\(SubjectID(rawValue: "alice"))" == SubjectID(rawValue: "alice").digest.rawValue)
    }
}

@Suite struct MatchTests {
    private func covers(_ match: String, model: String = "default", _ headers: [String: String] = [:]) throws
        -> Bool
    {
        let policy = try SplitPolicy(document("match: \(match)"))
        return policy.covers(RequestAttributes(model: model, headers: headers), requestID: "r")
    }

    @Test func `a policy without conditions covers every request`() throws {
        #expect(try covers("{}"))
    }

    @Test func `a model matches exactly or by its beginning`() throws {
        #expect(try covers("{models: [default]}"))
        #expect(try !covers("{models: [default]}", model: "default-2"))
        #expect(try covers("{models: ['qwen*', default]}", model: "qwen-3"))
        #expect(try !covers("{models: ['qwen*']}", model: "qwe"))
    }

    @Test func `every header must have one of its values`() throws {
        let match = "{headers: {X-Tenant: [acme, 'glob*'], x-plan: '*'}}"
        #expect(try covers(match, ["x-tenant": "acme", "X-PLAN": "any"]))
        #expect(try covers(match, ["x-tenant": "globex", "x-plan": ""]))
        #expect(try !covers(match, ["x-tenant": "acme"]))
        #expect(try !covers(match, ["x-tenant": "ACME", "x-plan": "any"]))
        #expect(try !covers(match, ["x-tenant": "initech", "x-plan": "any"]))
    }
}
