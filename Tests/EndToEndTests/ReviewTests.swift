import Foundation
import Testing

@testable import CLI

/// Requests that wait for a person, as that person meets them.
@Suite(.timeLimit(.minutes(5))) struct ReviewTests {
    private static let policy = Documents.evenSplit + "\nreview: {sample: 100%}\ncapture: {prompts: reviewed}"

    @Test func `a request is listed, read, labelled and waits no more`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Self.policy]) { gateway in
            let client = try TestClient(gateway)
            let first = try await client.ask("Is it right?", subject: "ann")
            let second = try await client.ask(subject: "bob")
            try await client.close()
            let record = ["--db", gateway.files.database]
            let list = try await BuiltProgram.run(["review", "list", "--json"] + record)
            #expect(list.status == 0, "\(list.errors)")
            #expect(try ids(list) == [first.requestID, second.requestID])
            let table = try await BuiltProgram.run(["review", "list", "--limit", "1"] + record)
            #expect(
                table.output.contains("\(first.requestID)  \(first.policy)  \(first.arm)"),
                "\(table.output)"
            )
            #expect(!table.output.contains(second.requestID))

            let shown = try await BuiltProgram.run(["review", "show", first.requestID] + record)
            #expect(shown.output.contains("user: Is it right?\n"), "\(shown.output)")
            #expect(shown.output.contains("answer: \(first.answer)"), "\(shown.output)")

            let address = ["--url", gateway.url, "--cacert", gateway.files.certificate]
            let label = ["review", "label", first.requestID, "--value", "1"] + address
            let taken = try await BuiltProgram.run(label + ["--metric", "success"])
            #expect(taken.status == 0 && taken.errors.isEmpty, "\(taken.errors)")
            let left = try await BuiltProgram.run(["review", "list", "--json"] + record)
            #expect(try ids(left) == [second.requestID])

            let refused = try await BuiltProgram.run(label + ["--metric", "charm"])
            #expect(refused.status == ExitStatus.refused)
            #expect(refused.errors.contains("no such metric"), "\(refused.errors)")
        }
    }

    @Test func `a wrong id, words that were not kept and a silent address have their own words`() async throws
    {
        try await BuiltProgram.serving { gateway in
            let client = try TestClient(gateway)
            let served = try await client.ask(subject: "ann")
            try await client.close()
            let shown = try await BuiltProgram.run(
                ["review", "show", served.requestID, "--db", gateway.files.database]
            )
            #expect(shown.status == ExitStatus.refused && shown.output.isEmpty)
            #expect(shown.errors.contains("no words are kept"), "\(shown.errors)")
            let list = try await BuiltProgram.run(["review", "list", "--db", gateway.files.database])
            #expect(list.status == 0 && list.errors.contains("no request waits"), "\(list.errors)")
        }
        let typo = try await BuiltProgram.run(["review", "show", "nothing"])
        #expect(typo.status == ExitStatus.usage)
        #expect(typo.errors.contains("'nothing' is no request id"), "\(typo.errors)")
        let id = "01a20d79-7252-7000-80cd-7987015b8496"
        let nobody = try await BuiltProgram.run(
            ["review", "label", id, "--metric", "success", "--value", "1", "--url", "https://127.0.0.1:1"]
        )
        #expect(nobody.status == ExitStatus.unreachable || nobody.errors.contains("no certificate"))
    }

    private func ids(_ run: BuiltProgram.Run) throws -> [String] {
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
        return rows.compactMap { $0["request_id"] as? String }
    }
}
