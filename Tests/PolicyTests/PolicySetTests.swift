import Foundation
import Policy
import Testing

@Suite struct PolicySetTests {
    private func problems(of files: [String: String]) async throws -> [PolicyProblem] {
        try await withFolder(files) { folder in
            do {
                _ = try PolicySet.load(folder: folder.path(percentEncoded: false))
                return []
            } catch let error as PolicyProblems {
                return error.problems
            }
        }
    }

    @Test func `the lowest priority number is asked first`() async throws {
        let files = [
            "a.yaml": document("match: {headers: {x-a: '*'}}", name: "last", priority: 30),
            "b.yml": document("match: {headers: {x-b: '*'}}", name: "first", priority: 1),
            "c.json":
                #"{"policy": "middle", "priority": 2, "arms": {"low": {"share": "100%", "mode": "low"}}}"#,
            "notes.txt": "not a document", ".hidden.yaml": "not: read",
        ]
        let set = try await withFolder(files) { try PolicySet.load(folder: $0.path(percentEncoded: false)) }
        #expect(set.policies.map(\.id) == ["first", "middle", "last"])
        let both = RequestAttributes(model: "m", headers: ["x-a": "1", "x-b": "1"])
        #expect(set.policy(for: both, requestID: "r")?.id == "first")
        #expect(
            set.policy(for: RequestAttributes(model: "m", headers: ["x-a": "1"]), requestID: "r")?.id
                == "middle"
        )
    }

    @Test func `a request that no policy covers has none`() async throws {
        let files = ["a.yaml": document("match: {models: [other]}")]
        let set = try await withFolder(files) { try PolicySet.load(folder: $0.path(percentEncoded: false)) }
        #expect(set.policy(for: RequestAttributes(model: "m", headers: [:]), requestID: "r") == nil)
    }

    @Test func `problems of all files come at once`() async throws {
        let found = try await problems(of: [
            "a.yaml": document("priority: x", name: "a"), "b.yaml": "policy: b",
            "c.yaml": document(name: "c"),
            "d.yaml": document(name: "c", priority: 11), "e.yaml": "\u{FEFF}[",
        ])
        #expect(
            Set(found.map { $0.file.split(separator: "/").last }) == ["a.yaml", "b.yaml", "d.yaml", "e.yaml"]
        )
    }

    @Test func `two documents with one name are refused`() async throws {
        let found = try await problems(of: ["a.yaml": document(), "b.yaml": document(priority: 11)])
        #expect(found.map(\.path) == ["policy"])
        #expect(found.first?.message.contains("a.yaml") == true)
    }

    @Test func `two documents with one priority are refused`() async throws {
        let found = try await problems(of: ["a.yaml": document(name: "a"), "b.yaml": document(name: "b")])
        #expect(found.map(\.path) == ["priority"])
        #expect(found.first?.message.contains("a.yaml") == true)
    }

    @Test(
        arguments: [
            ("{}", "{models: [m]}", true), ("{models: ['m*']}", "{models: [m1, m2]}", true),
            ("{models: [m1]}", "{models: [m1, m2]}", false), ("{models: [m]}", "{}", false),
            ("{headers: {x-a: '*'}}", "{headers: {x-a: [b], x-c: [d]}}", true),
            ("{headers: {x-a: [b]}}", "{headers: {x-a: [c]}}", false),
            ("{headers: {x-a: [b]}}", "{headers: {x-b: [b]}}", false),
            ("{tags: ['g*']}", "{tags: [gold, green]}", true), ("{tags: [gold]}", "{}", false),
            ("{tags: [gold]}", "{tags: [gold, eu]}", false), ("{}", "{tags: [gold], traffic: 5%}", true),
            ("{traffic: 99%}", "{}", false), ("{traffic: 99%}", "{traffic: 1%}", false),
        ]
    )
    func `a policy that no request can reach is loaded with a warning`(
        first: String,
        second: String,
        isHidden: Bool
    ) async throws {
        let files = [
            "a.yaml": document("match: \(first)", name: "a", priority: 1),
            "b.yaml": document("match: \(second)", name: "b", priority: 2),
        ]
        let set = try await withFolder(files) { try PolicySet.load(folder: $0.path(percentEncoded: false)) }
        #expect(set.policies.count == 2)
        #expect(set.warnings.count == (isHidden ? 1 : 0), "\(set.warnings)")
    }

    @Test(
        arguments: [
            ("salt: s", "salt: s", "25%", true), ("salt: s", "salt: s", "26%", false),
            ("salt: s", "salt: t", "25%", false),
            ("salt: s", "salt: s\nsubject: {from: [api_key]}", "25%", false),
        ]
    )
    func `a part of the traffic hides no more than the same part of it`(
        first: String,
        second: String,
        traffic: String,
        isHidden: Bool
    ) async throws {
        let files = [
            "a.yaml": document("match: {traffic: 25%}", first, name: "a", priority: 1),
            "b.yaml": document("match: {traffic: \(traffic)}", second, name: "b", priority: 2),
        ]
        let set = try await withFolder(files) { try PolicySet.load(folder: $0.path(percentEncoded: false)) }
        #expect(set.warnings.count == (isHidden ? 1 : 0), "\(set.warnings)")
    }

    @Test(arguments: [(0, "a.yaml a higher priority number"), (3, "a priority below 3")])
    func `the way out of hiding is one that exists`(priority: Int, fix: String) async throws {
        let files = [
            "a.yaml": document(name: "a", priority: priority), "b.yaml": document(name: "b", priority: 9),
        ]
        let set = try await withFolder(files) { try PolicySet.load(folder: $0.path(percentEncoded: false)) }
        #expect(set.warnings.first?.fix.contains(fix) == true, "\(set.warnings)")
    }

    @Test func `a folder that is empty, missing or holds more than documents is refused`() async throws {
        #expect(try await problems(of: [:]).count == 1)
        #expect(throws: PolicyProblems.self) { try PolicySet.load(folder: "/no/such/folder") }
        let found = try await withFolder(["a.yaml": document()]) { folder in
            try FileManager.default.createDirectory(
                at: folder.appending(path: "b.yaml"),
                withIntermediateDirectories: false
            )
            return #expect(throws: PolicyProblems.self) {
                try PolicySet.load(folder: folder.path(percentEncoded: false))
            }
        }
        #expect(found?.problems.map(\.message) == ["this is no regular file"])
    }

    @Test func `a named pipe in the folder is refused and stops nothing`() async throws {
        let found = try await withFolder([:]) { folder in
            #expect(mkfifo(folder.appending(path: "a.yaml").path(percentEncoded: false), 0o600) == 0)
            return #expect(throws: PolicyProblems.self) {
                try PolicySet.load(folder: folder.path(percentEncoded: false))
            }
        }
        #expect(found?.problems.count == 1)
    }

    @Test func `a document at the size limit is read and one byte more is refused`() async throws {
        let text = document()
        let padding = String(repeating: "#", count: DocumentLimit.fileBytes - text.utf8.count)
        #expect(try await problems(of: ["a.yaml": text + padding]) == [])
        let found = try await problems(of: ["a.yaml": text + padding + "#"])
        #expect(found.map(\.message) == ["the document is larger than the limit of 262144 bytes"])
        #expect(try await problems(of: ["a.yaml": String(repeating: padding, count: 4)]).count == 1)
    }

    @Test func `one document may stand for a folder of it`() async throws {
        try await withFolder(["a.yaml": document(), "b.yaml": "broken: ["]) { folder in
            let set = try PolicySet.load(folder: folder.appending(path: "a.yaml").path(percentEncoded: false))
            #expect(set.policies.count == 1)
            #expect(throws: PolicyProblems.self) {
                try PolicySet.load(folder: folder.appending(path: "b.yaml").path(percentEncoded: false))
            }
        }
    }

    @Test func `documents that are known to the byte are taken over, and edited ones are read`() throws {
        func file(_ name: String, salt: String) -> PolicyFile {
            let priority = name == "a" ? 1 : 2
            let text =
                "policy: \(name)\npriority: \(priority)\nsalt: \(salt)\narms: {low: {share: 100%, mode: low}}\n"
            return PolicyFile(name: "\(name).yaml", bytes: Array(text.utf8))
        }
        let known = try PolicySet(files: [file("a", salt: "1"), file("b", salt: "1")], folder: "f")
        let files = [file("a", salt: "1"), file("b", salt: "2")]
        let set = try PolicySet(files: files, folder: "f", reusing: known)
        #expect(try set == PolicySet(files: files, folder: "f"))
        #expect(set.policy(named: "a") == known.policy(named: "a"))
        #expect(set.policy(named: "b") != known.policy(named: "b"))
    }

    @Test func `a document that is not UTF-8 is refused`() {
        let file = PolicyFile(name: "a.yaml", bytes: Array("policy: p # ".utf8) + [0xFF, 0xFE])
        #expect(throws: PolicyProblems.self) { try PolicySet(files: [file], folder: "f") }
    }

    @Test func `the shipped folder splits unmarked traffic three ways and the rest by header`() async throws {
        let set = try PolicySet.load(folder: shippedPolicies)
        #expect(set.warnings == [])
        let chosen = { (header: String?) in
            set.policy(
                for: RequestAttributes(
                    model: "default",
                    headers: header.map { ["x-headgate-policy": $0] } ?? [:]
                ),
                requestID: "r"
            )
        }
        let test = try #require(chosen(nil))
        #expect(test.id == "three-way-test")
        #expect(test.arms.map(\.mode) == [.high, .low, .medium])
        #expect(test.control.mode == .low)
        #expect(test.decide?.primary.metric == "success")
        let ramp = try #require(chosen("cautious-ramp"))
        #expect(ramp.arms.map(\.share.basisPoints) == [9_500, 500])
        let staged = try #require(chosen("staged-rollout"))
        #expect(staged.arms.map(\.share.basisPoints) == [10_000, 0])
        #expect(staged.rollout?.stages.count == 5)
        #expect(chosen("kill-switch")?.arms.map(\.mode) == [.low])
        #expect(chosen("no-such-policy")?.id == "three-way-test")
        let shadowed = try #require(chosen("shadow-before-rollout"))
        #expect(shadowed.arms.map(\.mode) == [.low] && shadowed.shadow?.mode == .high)
        let adaptive = try #require(chosen("adaptive-effort"))
        #expect(adaptive.arm("adaptive")?.mode.adaptive?.stages == [2, 8, 32])
    }

    @Test func `the shipped cost cut takes a fifth of its subjects, and premium tenants go by their tag`()
        throws
    {
        let set = try PolicySet.load(folder: shippedPolicies)
        func policies(_ headers: [String: String], tags: [String] = []) -> [PolicyID?] {
            (0..<1_000).map { number in
                let subject = ["x-subject-id": "subject-\(number)"].merging(headers) { first, _ in first }
                let request = RequestAttributes(model: "default", headers: subject, tags: tags)
                return set.policy(for: request, requestID: "r")?.id
            }
        }
        let cut = policies(["x-headgate-policy": "cost-cut"]).count { $0 == "cost-cut" }
        #expect((150...250).contains(cut))
        #expect(set.policy(named: "cost-cut")?.decide?.primary.margin.basisPoints == -200)
        #expect(policies([:], tags: ["premium"]).allSatisfy { $0 == "premium-first" })
        #expect(policies([:], tags: ["basic"]).allSatisfy { $0 == "three-way-test" })
    }
}
