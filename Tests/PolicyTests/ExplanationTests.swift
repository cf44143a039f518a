import Foundation
import TestSupport
import Testing

@testable import Policy

@Suite struct ExplanationTests {
    private let set: PolicySet

    init() throws {
        set = try PolicySet([
            (
                "a.yaml",
                SplitPolicy(document("match: {headers: {x-tenant: [acme, 'glob*'], x-plan: '*'}}", name: "a"))
            ),
            ("b.yaml", SplitPolicy(document("match: {models: [other]}", name: "b", priority: 20))),
            ("c.yaml", SplitPolicy(document("match: {headers: {x-c: yes}}", name: "c", priority: 30))),
            ("d.yaml", SplitPolicy(document("match: {models: [default]}", name: "d", priority: 40))),
        ])
    }

    @Test(
        arguments: [
            ("default", ["X-Tenant": "globex", "x-plan": ""], ["a"], "a"),
            ("other", [:], ["a", "b"], "b"), ("default", [:], ["a", "b", "c", "d"], "d"),
            ("default", ["x-c": "yes"], ["a", "b", "c"], "c"), ("third", [:], ["a", "b", "c", "d"], nil),
        ] as [(String, [String: String], [PolicyID], PolicyID?)]
    )
    func `policies are asked up to the one that covers the request`(
        model: String,
        headers: [String: String],
        asked: [PolicyID],
        decider: PolicyID?
    ) {
        let request = RequestAttributes(model: model, headers: headers)
        let explanation = set.explanation(of: request, clientEffort: nil)
        #expect(explanation.asked.map(\.policy) == asked)
        #expect(explanation.asked.map(\.covers) == asked.map { $0 == decider })
        #expect(explanation.decider == decider)
        #expect(explanation.decider == set.policy(for: request, requestID: "r")?.id)
        #expect(explanation.trace?.policy.id == decider)
    }

    @Test func `what a policy lacks is named with what the request has`() {
        let request = RequestAttributes(model: "third", headers: ["x-tenant": "initech"])
        let explanation = set.explanation(of: request, clientEffort: nil)
        #expect(
            explanation.asked.map { $0.unmet.map(\.description) } == [
                [#"header x-plan is absent"#, #"header x-tenant is "initech", not one of acme, glob*"#],
                [#"model is "third", not other"#], ["header x-c is absent, not yes"],
                [#"model is "third", not default"#],
            ]
        )
    }

    @Test func `a named policy is explained though another gets the request`() throws {
        let named = try #require(set.policy(named: "b"))
        let request = RequestAttributes(model: "default", headers: ["x-subject-id": "user-1"])
        let explanation = set.explanation(of: request, clientEffort: nil, naming: named)
        #expect(explanation.decider == "d" && !explanation.isDecisive)
        #expect(explanation.explained?.policy == "b")
        #expect(explanation.explained?.unmet.map(\.description) == [#"model is "default", not other"#])
        #expect(try explanation.trace?.result.get().arm == named.arm(for: "user-1"))
        #expect(set.explanation(of: request, clientEffort: nil, naming: set.policy(named: "d")).isDecisive)
    }
}

@Suite struct AssignmentTraceTests {
    private func trace(
        _ policy: SplitPolicy,
        _ headers: [String: String] = ["x-subject-id": "user-12"],
        effort: String? = nil
    ) -> AssignmentTrace {
        let request = RequestAttributes(model: "default", headers: headers)
        return policy.trace(for: request, requestID: "r", clientEffort: effort)
    }

    @Test(
        arguments: [
            ["a": 9_900, "b": 100], ["a": 3_334, "b": 3_333, "c": 3_333], ["a": 10_000],
            ["a": 2_000, "b": 500, "c": 1_500, "d": 4_000, "e": 2_000],
        ] as [KeyValuePairs<String, Int>]
    )
    func `the smallest key wins and is the arm that is assigned`(shares: KeyValuePairs<String, Int>) throws {
        let policy = try SplitPolicy.splitting(shares)
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<3_000 {
            let subject = SubjectID(rawValue: "\(generator.next())")
            let trace = trace(policy, ["x-subject-id": subject.rawValue])
            let draws = try #require(trace.dealing?.draws)
            let keys = Dictionary(
                uniqueKeysWithValues: draws.map { ($0.arm.id, -log($0.fraction) / $0.arm.share.fraction) }
            )
            #expect(draws.map(\.key) == draws.map { keys[$0.arm.id] })
            let smallest = keys.min { $0.value < $1.value }?.key
            #expect(trace.dealing?.winner.id == smallest, "\(subject.rawValue)")
            #expect(try trace.result.get().arm.id == smallest, "\(subject.rawValue)")
            #expect(policy.arm(for: subject).id == smallest, "\(subject.rawValue)")
        }
    }

    @Test func `a draw shows the published known answer`() throws {
        let draws = try trace(SplitPolicy(document("salt: effort-2026-11"))).dealing?.draws
        #expect(draws?.map(\.arm.id) == ["low", "medium"])
        #expect(draws?.map(\.fraction) == [0.023383338193005643, 0.9934072640500332])
        #expect(draws?.map { ($0.key * 1_000).rounded() / 1_000 } == [4.173, 0.066])
    }

    @Test func `an arm without a share draws nothing`() throws {
        let policy = try SplitPolicy(
            """
            policy: p
            arms: {low: {share: 100%, mode: low, control: true}, qa: {share: 0%, mode: high}}
            overrides: [{header: {x-arm: qa}, arm: qa}]
            """
        )
        #expect(trace(policy).dealing?.draws.map(\.arm.id) == ["low"])
    }

    @Test func `a request without a subject is dealt anew unless an override settles it`() throws {
        let policy = try SplitPolicy(document("overrides: [{header: {x-arm: medium}, arm: medium}]"))
        #expect(trace(policy, [:]).isDealtAnew)
        #expect(trace(policy, [:]).source == .request)
        #expect(!trace(policy, ["x-arm": "medium"]).isDealtAnew)
        #expect(!trace(policy).isDealtAnew)
    }

    @Test func `a refusal has no subject and no draw`() throws {
        let policy = try SplitPolicy(document("subject: {from: [header:x-id], otherwise: refuse}"))
        let trace = trace(policy)
        #expect(trace.subject == nil && trace.source == nil && trace.dealing == nil)
        #expect(trace.result == .failure(.subjectMissing(policy: "p", sources: [.header("x-id")])))
    }

    @Test func `an override is named and what it overrules is still drawn`() throws {
        let policy = try SplitPolicy(
            document(
                "overrides: [{header: {x-arm: low, x-staff: '*'}, arm: low}, {header: {x-arm: low}, arm: low}]",
                "salt: effort-2026-11",
                "client_effort: honour"
            )
        )
        let trace = trace(policy, ["x-subject-id": "user-12", "X-Arm": "low"], effort: "high")
        #expect(trace.override == policy.overrides[1])
        #expect(trace.override?.conditions.map(\.description) == ["header x-arm is low"])
        #expect(trace.dealing?.winner.id == "medium")
        #expect(try trace.result.get().arm.id == "low")
        #expect(policy.arms.map(trace.served(by:)) == [.low, .medium])
    }

    @Test(
        arguments: [
            (ClientEffort.ignore, "high", [.low, .medium], nil),
            (.honour, "high", [.high, .high], .clientEffort),
            (.cap, "low", [.low, .low], .clientEffort), (.cap, "high", [.low, .medium], nil),
        ] as [(ClientEffort, String, [Mode], Exclusion?)]
    )
    func `what each arm would serve is what the assigned one serves`(
        rule: ClientEffort,
        effort: String,
        served: [Mode],
        exclusion: Exclusion?
    ) throws {
        let policy = try SplitPolicy(document("client_effort: \(rule.rawValue)", treatment: "50%"))
        for subject in SubjectID.sample(count: 20) {
            let trace = trace(policy, ["x-subject-id": subject.rawValue], effort: effort)
            let assignment = try trace.result.get()
            #expect(policy.arms.map(trace.served(by:)) == served)
            #expect(trace.served(by: assignment.arm) == assignment.served)
            #expect(assignment.excludedBecause == exclusion)
        }
    }
}
