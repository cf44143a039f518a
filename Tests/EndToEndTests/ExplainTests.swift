import Foundation
import Policy
import Testing

@testable import CLI

/// What `explain` says of requests, on a folder of two policies.
@Suite struct ExplainTests {
    private static let staff = """
        policy: staff
        priority: 1
        match: {headers: {x-staff: '*', x-tenant: [acme, 'glob*']}}
        subject: {from: [header:x-subject-id], otherwise: refuse}
        arms: {low: {share: 100%, mode: low}}
        """

    private static let everyone = """
        policy: everyone
        priority: 20
        salt: effort-2026-11
        client_effort: cap
        arms:
          low: {share: 90%, mode: low, control: true}
          medium: {share: 10%, mode: medium}
          qa: {share: 0%, mode: high}
        overrides: [{header: {x-arm: qa}, arm: qa}]
        """

    private func explain(_ arguments: String...) async throws -> BuiltProgram.Run {
        let files = try ServedGateway.Files.make(policies: [
            "staff.yaml": Self.staff, "everyone.yaml": Self.everyone,
        ])
        defer { files.remove() }
        return try await BuiltProgram.run(["explain", "--policies", files.policies] + arguments)
    }

    @Test func `an explanation shows who was asked, what came of it and the draw`() async throws {
        let run = try await explain("--subject", "user-12", "--header", "X-Tenant=initech", "--effort", "low")
        #expect(run.status == 0, "\(run.errors)")
        let version = try SplitPolicy(yaml: Self.everyone, file: "everyone.yaml").version
        let folder = try #require(run.output.firstMatch(of: /staff +(\S+)\/staff\.yaml/)).output.1
        #expect(
            run.output == """
                Policies asked, in this order:
                  staff     \(folder)/staff.yaml     priority 1        no: header x-staff is absent; header x-tenant is "initech", not one of acme, glob*
                  everyone  \(folder)/everyone.yaml  priority 20       covers the request

                Policy everyone@\(version), \(folder)/everyone.yaml
                  subject   user-12, from header:x-subject-id, with digest \(SubjectID("user-12").digest)
                  override  none applies
                  arm       medium, whose key is the smallest
                  mode      low (k=2) in place of medium (k=8); the request asks for low, client_effort: cap
                  analysis  left out, because this effort changes what some arm serves, be it another than the request's

                  Arm       Share          Mode     Served    Draw u  -ln(u)/share
                  low         90%     low (k=2)  low (k=2)  0.023383      4.173035
                  medium ◀    10%  medium (k=8)  low (k=2)  0.993407      0.066146
                  qa           0%   high (k=32)  low (k=2)         –             –

                """
        )
    }

    @Test func `a key's tags and digest come from the key file, and a tag may be tried out`() async throws {
        let files = try ServedGateway.Files.make(policies: [
            "gold.yaml": """
            policy: gold
            match: {tags: [gold], traffic: 99.99%}
            subject: {from: [api_key], otherwise: request}
            arms: {low: {share: 100%, mode: low, control: true}, qa: {share: 0%, mode: high}}
            overrides: [{keys: [shop], arm: qa}]
            """
        ])
        defer { files.remove() }
        let state = ["--state", files.folder]
        let added = try await BuiltProgram.run(
            ["keys", "add", "shop", "--role", "client", "--tag", "gold"] + state
        )
        try #require(added.status == 0, "\(added.errors)")
        let explain = ["explain", "--policies", files.policies] + state
        let known = try await BuiltProgram.run(explain + ["--key-name", "shop"])
        #expect(known.output.contains("covers the request: traffic is 99.99%: the subject's bucket "))
        #expect(known.output.contains("override  key is shop\n"), "\(known.output)")
        #expect(known.output.contains(", from api_key, with digest "), "\(known.output)")
        #expect(known.errors.isEmpty)
        let unknown = try await BuiltProgram.run(explain + ["--key-name", "other", "--tag", "gold"])
        #expect(unknown.errors.contains("no client's key other in \(files.folder)"), "\(unknown.errors)")
        #expect(
            unknown.output.contains("covers some: traffic is 99.99% of such requests, each by its own id")
        )
        let nobody = try await BuiltProgram.run(explain)
        #expect(nobody.output.contains("no: tag is absent, not gold"), "\(nobody.output)")
    }

    @Test func `an override settles the arm and the draw is shown beside it`() async throws {
        let run = try await explain("--subject", "user-12", "--header", "x-arm=qa", "--effort", "low")
        #expect(run.output.contains("override  header x-arm is qa\n"), "\(run.output)")
        #expect(run.output.contains("arm       qa, by the override\n"), "\(run.output)")
        #expect(
            run.output.contains("mode      high (k=32); the request asks for low, which an override outranks")
        )
        #expect(run.output.contains("analysis  left out, because an override chose the arm\n"))
        #expect(run.output.contains("medium ◀") && run.output.contains("made this draw count for nothing"))
    }

    @Test func `a request that names no subject is said to be dealt anew`() async throws {
        let run = try await explain()
        #expect(
            run.output.contains("the request itself: nothing in header:x-subject-id, body:safety_identifier")
        )
        #expect(run.output.contains("dealt anew for each request, by the shares"), "\(run.output)")
        #expect(!run.output.contains("◀"), "nobody has won what is not drawn yet: \(run.output)")
    }

    @Test(arguments: [["--user", "user-12"], ["--safety-identifier", "user-12"]])
    func `the body may name the subject`(arguments: [String]) async throws {
        let run = try await explain(arguments[0], arguments[1])
        let source = arguments[0] == "--user" ? "body:user" : "body:safety_identifier"
        #expect(run.output.contains("user-12, from \(source),"), "\(run.output)")
    }

    @Test func `a named policy is explained and said not to get the request`() async throws {
        let run = try await explain("--policy", "staff")
        #expect(run.status == 0)
        let text = run.output.replacing("\n  ", with: " ")
        #expect(
            text.contains(
                "Policy everyone gets the request. What follows is by staff alone, which does not cover it: "
                    + "header x-staff is absent; header x-tenant is absent, not one of acme, glob*."
            ),
            "\(text)"
        )
        #expect(run.output.contains("refused   policy staff needs a subject"), "\(run.output)")
    }

    @Test func `a request that no policy covers is said to be refused`() async throws {
        let files = try ServedGateway.Files.make(policies: ["staff.yaml": Self.staff])
        defer { files.remove() }
        let run = try await BuiltProgram.run("explain", "--policies", files.policies)
        #expect(run.status == 0)
        #expect(run.output.contains("No policy covers the request"), "\(run.output)")
    }

    @Test func `the JSON has the draw unrounded and every field, known or not`() async throws {
        let run = try await explain("--subject", "user-12", "--effort", "low", "--json")
        let reply = try Reply(run.output)
        #expect(reply["decider"] as? String == "everyone")
        let asked = try #require(reply["asked"] as? [[String: Any]])
        #expect(asked.map { $0["policy"] as? String } == ["staff", "everyone"])
        #expect(asked.map { $0["covers"] as? Bool } == [false, true])
        let explained = try #require(reply["explained"] as? [String: Any])
        #expect(
            Set(explained.keys) == [
                "policy", "version", "file", "unmet", "subject", "override", "arms", "arm", "assigned_mode",
                "served_mode", "excluded_because", "refused", "shadow",
            ]
        )
        #expect(explained["arm"] as? String == "medium" && explained["override"] is NSNull)
        #expect(explained["shadow"] is NSNull)
        #expect(explained["assigned_mode"] as? String == "medium")
        #expect(explained["served_mode"] as? String == "low")
        #expect(explained["excluded_because"] as? String == "client_effort")
        let arms = try #require(explained["arms"] as? [[String: Any]])
        // As text, for JSONSerialization reads numbers less exactly than they are written.
        #expect(run.output.contains(#""draw" : 0.023383338193005643,"#), "\(run.output)")
        #expect(arms.map { $0["draw"] is NSNull } == [false, false, true])
        #expect(arms.map { $0["won"] as? Bool } == [false, true, false])
        let subject = try #require(explained["subject"] as? [String: Any])
        #expect(subject["digest"] as? String == SubjectID("user-12").digest.rawValue)
    }

    @Test func `the JSON claims no arm for a request that is dealt anew`() async throws {
        let reply = try Reply(await explain("--json").output)
        let explained = try #require(reply["explained"] as? [String: Any])
        #expect(explained["arm"] is NSNull && explained["served_mode"] is NSNull)
        let arms = try #require(explained["arms"] as? [[String: Any]])
        #expect(arms.allSatisfy { $0["draw"] is NSNull && $0["won"] as? Bool == false }, "\(arms)")
    }

    @Test(arguments: [
        ["--policy", "nobody"], ["--header", "nonsense"], ["--header", "=x"], ["--effort", "max"],
        ["--subject", "a", "--header", "X-Subject-Id=b"],
    ])
    func `a mistake in what is typed is a usage error`(arguments: [String]) async throws {
        let files = try ServedGateway.Files.make(policies: ["staff.yaml": Self.staff])
        defer { files.remove() }
        let run = try await BuiltProgram.run(["explain", "--policies", files.policies] + arguments)
        #expect(run.status == ExitStatus.usage && run.output.isEmpty, "\(run.status) \(run.output)")
    }

    @Test func `a folder that would not be served is refused`() async throws {
        let files = try ServedGateway.Files.make(policies: ["broken.yaml": Self.staff + "\nspeling: 1\n"])
        defer { files.remove() }
        let run = try await BuiltProgram.run("explain", "--policies", files.policies)
        #expect(run.status == ExitStatus.refused && run.errors.contains("speling"), "\(run.errors)")
    }

    @Test(arguments: [
        (["--subject", "user-1"], "5% of such requests run again in mode medium (k=8), unseen"),
        (["--subject", "user-12"], "none, because it takes other arms' requests"),
        (
            ["--subject", "user-1", "--effort", "none"],
            "none, because the request is left out of the analysis"
        ),
        ([], "if the arm is one of low, qa: 5% of such requests run again in mode medium (k=8), unseen"),
    ])
    func `an explanation says whether there would be a shadow`(arguments: [String], text: String) async throws
    {
        let files = try ServedGateway.Files.make(policies: [
            "everyone.yaml": Self.everyone + "\nshadow: {mode: medium, share: 5%}"
        ])
        defer { files.remove() }
        let run = try await BuiltProgram.run(["explain", "--policies", files.policies] + arguments)
        #expect(run.output.contains("\n  shadow    \(text)\n"), "\(run.output) \(run.errors)")
        let json = try await BuiltProgram.run(
            ["explain", "--policies", files.policies, "--json"] + arguments
        )
        let explained = try #require(Reply(json.output)["explained"] as? [String: Any])
        let shadow = explained["shadow"] as? [String: Any]
        #expect((shadow != nil) == !text.hasPrefix("none"), "\(json.output)")
        if let shadow {
            #expect(shadow["mode"] as? String == "medium" && shadow["share"] as? Double == 0.05)
            #expect(shadow["arms"] as? [String] == ["low", "qa"])
        }
    }

    @Test func `a header that is given twice has both values`() throws {
        let headers = try [HeaderArgument("X-A=1"), HeaderArgument("x-a= 2=3"), HeaderArgument("b=")]
        #expect(HeaderArgument.byName(headers) == ["x-a": "1, 2=3", "b": ""])
    }
}
