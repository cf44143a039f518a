import Store
import Testing

@testable import Gateway

struct KeyAuditTests {
    private let folder: TemporaryFolder
    private let file: KeyFile

    init() throws {
        folder = try TemporaryFolder()
        file = KeyFile(stateFolder: folder.path)
    }

    private func told(_ audit: KeyAudit) throws -> [[String]] {
        audit.lines(for: try file.keys(), reason: "why").map { [$0.before, $0.after] }
    }

    @Test func `each key that comes or goes is a line, which says who and what and no digest`() throws {
        let secret = try file.add("app", .client, tags: ["gold", "eu"])
        _ = try file.add("ann", .operator)
        var audit = KeyAudit([])
        let lines = audit.lines(for: try file.keys(), reason: "why")
        #expect(
            lines.map { [$0.actor, $0.action, $0.before, $0.after, $0.reason] } == [
                ["keys", "key", "none", "app client eu,gold of 1970-01-01T00:16:40Z", "why"],
                ["keys", "key", "none", "ann operator of 1970-01-01T00:16:40Z", "why"],
            ]
        )
        let digest = Hex.text(AccessKey.digest(of: secret))
        #expect(lines.allSatisfy { !"\($0)".contains(digest.prefix(8)) && $0.policy == nil })
        for line in lines { audit.take(line) }
        #expect(try told(audit).isEmpty)

        try file.remove("ann")
        #expect(try told(audit) == [["ann operator of 1970-01-01T00:16:40Z", "none"]])
    }

    @Test func `what was changed while nobody served shows against the audit of before`() throws {
        _ = try file.add("app", .client)
        _ = try file.add("ann", .viewer)
        var first = KeyAudit([])
        let written = first.lines(for: try file.keys(), reason: "")
        for line in written { first.take(line) }

        try file.remove("ann")
        _ = try file.add("bob", .viewer)
        try file.remove("app")
        var random = SystemRandomNumberGenerator()
        let later = Timestamp(millisecondsSinceEpoch: 2_000_000)
        _ = try file.add("app", .client, now: later, using: &random)
        #expect(
            try told(KeyAudit(written)) == [
                ["ann viewer of 1970-01-01T00:16:40Z", "none"],
                ["app client of 1970-01-01T00:16:40Z", "none"],
                ["none", "bob viewer of 1970-01-01T00:16:40Z"],
                ["none", "app client of 1970-01-01T00:33:20Z"],
            ]
        )
    }

    @Test func `what the audit was told last is what it knows`() throws {
        _ = try file.add("ann", .viewer)
        var audit = KeyAudit([])
        var written = audit.lines(for: try file.keys(), reason: "")
        for line in written { audit.take(line) }
        try file.remove("ann")
        written += audit.lines(for: try file.keys(), reason: "")
        #expect(written.count == 2)
        #expect(try told(KeyAudit(written)).isEmpty)
    }
}
