import Foundation
import Testing

@testable import Policy

@Suite struct PolicySchemaTests {
    private let check: JSONSchemaCheck

    init() throws {
        check = try JSONSchemaCheck(PolicySchema.text)
    }

    @Test func `every valid golden document and every shipped policy passes`() throws {
        let goldens = try FileManager.default.contentsOfDirectory(atPath: golden.path())
            .filter { $0.hasSuffix(".txt") }
            .map { try String(contentsOf: golden.appending(path: $0), encoding: .utf8) }
            .map { $0.components(separatedBy: "----------\n") }
            .filter { $0[1].hasPrefix("version ") }.map { $0[0] }
        let shipped = try FileManager.default.contentsOfDirectory(atPath: shippedPolicies)
            .map { try String(contentsOfFile: "\(shippedPolicies)/\($0)", encoding: .utf8) }
        #expect(goldens.count >= 8 && shipped.count >= 4)
        for document in goldens + shipped {
            #expect(try check.problems(in: document) == [], "\(document)")
            #expect(try check.problems(in: SplitPolicy(document).source) == [], "\(document)")
        }
    }

    @Test func `it has every key that the reader knows and none besides`() throws {
        let json = try JSONSerialization.jsonObject(with: Data(PolicySchema.text.utf8))
        let shapes = Set(places(.document).map(\.path))
        #expect(Set(keys(of: json, "")) == shapes)
        #expect(shapes.isSuperset(of: ["policy", "arms.*.share", "decide.guardrails[].at_most_ratio"]))
    }

    @Test func `every key is read, so that what can't stand there is a problem of that place`() {
        for place in places(.document) {
            let wrong =
                switch place.shape {
                case .list, .section, .entries, .headers: "oops"
                case .patterns: "{a: b}"
                default: "[oops]"
                }
            let document = place.document(wrong)
            let found = problems(of: document)
            let path = place.path.replacing("[]", with: "[0]").replacing("*", with: "x")
            let isReported = found.contains { $0.path == path && $0.message.hasPrefix("expected") }
            #expect(isReported, "\(document): \(found)")
        }
    }

    @Test(arguments: [
        ("priority: high", ".priority: type"), ("priority: 1000001", ".priority: maximum"),
        ("prioritty: 1", ".prioritty: unknown"), ("client_effort: maybe", ".client_effort: enum"),
        ("blind: maybe", ".blind: type"), ("subject: {from: [cookie]}", ".subject.from[0]: pattern"),
        ("subject: {from: []}", ".subject.from: minItems"),
        ("limits: {deadline: 30}", ".limits.deadline: type"),
        ("limits: {deadline: 30 s}", ".limits.deadline: pattern"),
        ("salt: \"a\\tb\"", ".salt: pattern"), ("salt: \"\"", ".salt: minLength"),
        ("match: {models: ['a*b']}", ".match.models: none"),
        ("match: {headers: {'x y': z}}", ".match.headers.x y: pattern"),
        ("modes: {m: {k: 65}}", ".modes.m.k: maximum"), ("modes: {m: {}}", ".modes.m: required"),
        ("modes: {m: {k: 4, top_p: 0}}", ".modes.m.top_p: exclusiveMinimum"),
        ("modes: {m: {k: 4, prune: {keep: 1}}}", ".modes.m.prune.keep: exclusiveMaximum"),
        ("modes: {m: {k: 4, search: {beam: {width: 2}, mcts: {}}}}", ".modes.m.search: maxProperties"),
        ("rollout: {arm: low, stages: [1], hold: {time: 1h}}", ".rollout.stages[0]: type"),
        ("rollout: {arm: low, stages: [1%], freeze: [{from: '24:00', to: '07:00'}]}", ".from: pattern"),
        ("rollout: {arm: 'a b', stages: [1%]}", ".rollout.arm: pattern"),
    ])
    func `what an editor can see is marked`(line: String, problem: String) throws {
        let found = try check.problems(in: "policy: p\narms: {low: {share: 100%, mode: low}}\n\(line)\n")
        #expect(found.contains { $0.contains(problem) }, "\(found)")
        #expect(!problems(of: "policy: p\narms: {low: {share: 100%, mode: low}}\n\(line)\n").isEmpty)
    }

    /// A key by the shapes, and the document that has a value there and nothing else.
    private struct Place {
        let path: String
        let shape: DocumentShape
        let document: (String) -> String
    }

    private func places(
        _ shape: DocumentShape,
        _ path: String = "",
        _ document: @escaping (String) -> String = { $0 }
    ) -> [Place] {
        switch shape {
        case .section(let section):
            section.keys.flatMap { key in
                let inner = path.isEmpty ? key.name : "\(path).\(key.name)"
                let wrapped: (String) -> String = { document("{\(key.name): \($0)}") }
                return [Place(path: inner, shape: key.shape, document: wrapped)]
                    + places(key.shape, inner, wrapped)
            }
        case .list(let item, _): places(item, "\(path)[]") { document("[\($0)]") }
        case .entries(let value, _): places(value, "\(path).*") { document("{x: \($0)}") }
        default: []
        }
    }

    private func keys(of json: Any, _ path: String) -> [String] {
        guard let schema = json as? [String: Any] else { return [] }
        var keys: [String] = []
        for (name, value) in schema["properties"] as? [String: Any] ?? [:] {
            let inner = path.isEmpty ? name : "\(path).\(name)"
            keys += [inner] + self.keys(of: value, inner)
        }
        if let items = schema["items"] { keys += self.keys(of: items, path + "[]") }
        if let values = schema["additionalProperties"] { keys += self.keys(of: values, path + ".*") }
        return keys
    }
}
