import Foundation
import Testing

@testable import Policy

@Suite struct TrafficGateTests {
    private struct Vectors: Decodable {
        struct Case: Decodable {
            let salt: String
            let subject: String
            let bucket: Int
        }
        let traffic: [Case]
    }

    private func policy(_ traffic: String, treatment: String = "10%") throws -> SplitPolicy {
        try SplitPolicy(document("match: {traffic: \(traffic)}", treatment: treatment))
    }

    @Test func `buckets equal those computed independently`() throws {
        let file = try Data(contentsOf: golden.appending(path: "assignment.json"))
        let cases = try JSONDecoder().decode(Vectors.self, from: file).traffic
        #expect(cases.count == 60)
        for one in cases {
            let gate = TrafficGate(share: .whole, salt: one.salt)
            #expect(gate.bucket(of: SubjectID(rawValue: one.subject)) == one.bucket, "\(one)")
        }
    }

    @Test(arguments: [1, 2_500, 9_999])
    func `a policy takes its share of 20,000 subjects, and each arm its share of those`(
        basisPoints: Int
    ) throws {
        let policy = try policy("\(Share(basisPoints: basisPoints))", treatment: "50%")
        let taken = SubjectID.sample(count: 20_000).filter { policy.gate.admits($0) }
        // Four standard errors: the subjects are fixed, so this passes for good or never.
        func isClose(_ count: Int, of trials: Int, to share: Double) -> Bool {
            let expected = Double(trials) * share
            return abs(Double(count) - expected) <= 4 * (expected * (1 - share)).squareRoot() + 1
        }
        #expect(isClose(taken.count, of: 20_000, to: Double(basisPoints) / 10_000), "\(taken.count)")
        let treated = taken.count { policy.arm(for: $0).id == "medium" }
        #expect(isClose(treated, of: taken.count, to: 0.5), "\(treated) of \(taken.count)")
    }

    @Test func `whoever is taken stays so when the share is raised`() throws {
        let gates = [1, 100, 2_500, 5_000, 9_999, 10_000].map {
            TrafficGate(share: Share(basisPoints: $0), salt: "s")
        }
        for subject in SubjectID.sample(count: 5_000) {
            let taken = gates.map { $0.admits(subject) }
            #expect(taken == taken.filter { !$0 } + taken.filter(\.self), "\(subject.rawValue)")
        }
        #expect(SubjectID.sample(count: 5_000).allSatisfy { gates.last?.admits($0) == true })
    }

    @Test func `the share is that of the buckets below it`() {
        let subject = SubjectID(rawValue: "user-1")
        let bucket = TrafficGate(share: .whole, salt: "effort-2026-11").bucket(of: subject)
        #expect(bucket == 6_014)
        for (share, isTaken) in [(6_014, false), (6_015, true)] {
            let gate = TrafficGate(share: Share(basisPoints: share), salt: "effort-2026-11")
            #expect(gate.admits(subject) == isTaken)
        }
    }

    @Test func `the subject decides, and the request's id where there is none`() throws {
        let policy = try SplitPolicy(
            document("match: {traffic: 50%}", "subject: {from: [header:x-id], otherwise: refuse}")
        )
        let ids = SubjectID.sample(count: 200).map(\.rawValue)
        for id in ids {
            let expected = policy.gate.admits(SubjectID(rawValue: id))
            let named = RequestAttributes(model: "m", headers: ["x-id": id])
            #expect(policy.covers(named, requestID: "r") == expected)
            #expect(policy.covers(RequestAttributes(model: "m", headers: [:]), requestID: id) == expected)
        }
        #expect(Set(ids.map { policy.gate.admits(SubjectID(rawValue: $0)) }).count == 2)
    }

    @Test func `what one policy leaves goes to the next`() throws {
        let set = try PolicySet([
            ("a.yaml", SplitPolicy(document("match: {traffic: 30%}", name: "a", priority: 1))),
            ("b.yaml", SplitPolicy(document(name: "b", priority: 2))),
        ])
        for subject in SubjectID.sample(count: 300) {
            let request = RequestAttributes(model: "m", headers: ["x-subject-id": subject.rawValue])
            let isFirst = set.policies[0].gate.admits(subject)
            #expect(set.policy(for: request, requestID: "r")?.id == (isFirst ? "a" : "b"))
            let explanation = set.explanation(of: request, clientEffort: nil)
            #expect(explanation.decider == (isFirst ? "a" : "b"))
            #expect(explanation.asked.map(\.file) == (isFirst ? ["a.yaml"] : ["a.yaml", "b.yaml"]))
            let bucket = set.policies[0].gate.bucket(of: subject)
            #expect(explanation.asked[0].traffic?.bucket == bucket)
            let reason = "traffic is 30%: the subject's bucket \(bucket) of 10000 is not below 3000"
            #expect(explanation.asked[0].unmet.map(\.description) == (isFirst ? [] : [reason]))
        }
    }

    @Test func `a request without a subject may be anyone's, and is asked about to the end`() throws {
        let set = try PolicySet([
            ("a.yaml", SplitPolicy(document("match: {traffic: 30%}", name: "a", priority: 1))),
            ("b.yaml", SplitPolicy(document(name: "b", priority: 2))),
            ("c.yaml", SplitPolicy(document("match: {models: [m]}", name: "c", priority: 3))),
        ])
        let explanation = set.explanation(of: RequestAttributes(model: "m", headers: [:]), clientEffort: nil)
        #expect(explanation.asked.map(\.policy) == ["a", "b"])
        #expect(explanation.asked[0].covers && explanation.asked[0].traffic?.isAdmitted == nil)
        #expect(explanation.decider == "a" && explanation.isDecisive)
    }

    @Test func `raising the part moves nobody and brings in as many as it grows by`() throws {
        let movement = Movement(
            from: try policy("20%"),
            to: try policy("45%"),
            over: SubjectID.sample(count: 10_000)
        )
        #expect(movement.moved == 0 && movement.left == 0 && movement.least == Share(basisPoints: 0))
        #expect(abs(movement.entered - 2_500) < 200, "\(movement.entered)")
        #expect(movement.flows.map(\.subjects).reduce(0, +) == 10_000)
        #expect(movement.flows.last.map { $0.from == nil && $0.to == nil } == true)
        let back = Movement(
            from: try policy("45%"),
            to: try policy("20%"),
            over: SubjectID.sample(count: 10_000)
        )
        #expect(back.left == movement.entered && back.entered == 0)
    }

    @Test func `the least that moves is that of what both parts have in common`() throws {
        let movement = Movement(
            from: try policy("50%"),
            to: try policy("50%", treatment: "50%"),
            over: SubjectID.sample(count: 100)
        )
        #expect(movement.least == Share(basisPoints: 2_000))
    }
}

@Suite struct ClientKeyMatchTests {
    private func request(_ key: String?, _ tags: [String], _ headers: [String: String] = [:])
        -> RequestAttributes
    {
        RequestAttributes(model: "m", headers: headers, key: key, tags: tags)
    }

    @Test(
        arguments: [
            (["gold"], true), (["eu", "gold"], true), (["silver-2"], true), (["eu"], false), ([], false),
        ] as [([String], Bool)]
    )
    func `any tag of the key satisfies`(tags: [String], isCovered: Bool) throws {
        let policy = try SplitPolicy(document("match: {tags: [gold, 'silver*']}"))
        #expect(policy.covers(request("k", tags), requestID: "r") == isCovered)
        let found = tags.isEmpty ? "absent" : tags.map { "\"\($0)\"" }.joined(separator: ", ")
        let unmet = policy.match.unmet(by: request("k", tags)).map(\.description)
        #expect(unmet == (isCovered ? [] : ["tag is \(found), not one of gold, silver*"]))
    }

    @Test(
        arguments: [
            ("staff", "low", "low"), ("staff", nil, nil), ("other", "low", nil), (nil, "low", nil),
            ("qa-1", nil, "medium"), ("qa-1", "low", "low"),
        ] as [(String?, String?, ArmID?)]
    )
    func `an override by key alone, or by key and header together`(
        key: String?,
        header: String?,
        arm: ArmID?
    ) throws {
        let policy = try SplitPolicy(
            document(
                "overrides: [{header: {x-arm: low}, keys: [staff, 'qa*'], arm: low}, {keys: 'qa*', arm: medium}]"
            )
        )
        let trace = policy.trace(
            for: request(key, [], header.map { ["x-arm": $0] } ?? [:]),
            requestID: "r",
            clientEffort: nil
        )
        #expect(trace.override?.arm == arm)
        #expect(try trace.result.get().excludedBecause == (arm == nil ? nil : .override))
    }
}
