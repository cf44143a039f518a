import FoundationEssentials
import NIOHTTP1
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

/// Documents over HTTP, on a real folder.
@Suite(.timeLimit(.minutes(5)))
struct AdminPoliciesTests {
    private static let path = "/v1/policies/effort"

    /// The document with another salt, and so another version.
    private static func document(salt: String, id: String = "effort", priority: Int = 10) -> String {
        ScriptedRollouts.document.replacing("salt: s", with: "salt: \(salt)")
            .replacing("policy: effort", with: "policy: \(id)")
            .replacing("priority: 10", with: "priority: \(priority)")
    }

    private static func present(_ admin: LiveAdmin) async throws -> HTTPHeaders {
        let reply = try await admin.get(path)
        return ["if-match": try #require(reply.headers.first(name: "etag"))]
    }

    @Test func `the list tells what is in force and where it is written`() async throws {
        try await LiveAdmin.run { admin in
            let policy = try #require(admin.rollouts.policies.policies.first)
            #expect(
                try await admin.get("/v1/policies").body
                    == #"{"policies":[{"id":"effort","version":"\#(policy.version)","#
                    + #""document":"\#(policy.version)","file":"effort.yaml","phase":"idle","priority":10,"#
                    + #""arms":[{"id":"low","share":"100%","mode":"low","control":true}]}]}"#
            )
        }
    }

    @Test func `a policy is its document as it was written, tagged with the document's version`() async throws
    {
        try await LiveAdmin.run { admin in
            let document = try #require(admin.rollouts.policies.policies.first)
            // As a rollout would have it.
            let other = try SplitPolicy(yaml: Self.document(salt: "other"), file: "effort.yaml")
            let inForce = admin.rollouts.policies.mapping { _ in other }
            admin.rollouts.active.replace(with: inForce)
            let reply = try await admin.get(Self.path)
            #expect(reply.body == ScriptedRollouts.document)
            #expect(reply.headers.first(name: "etag") == "\"\(document.version)\"")
            #expect(
                reply.headers.first(name: "x-headgate-version-in-force") == "\(other.version)"
            )
            #expect(reply.headers.first(name: "content-type") == "text/yaml; charset=utf-8")
        }
    }

    @Test func `a document that is put is in the folder and in force, under the key's name`() async throws {
        try await LiveAdmin.run { admin in
            let document = Self.document(salt: "t")
            let reply = try await admin.change(.PUT, Self.path, try await Self.present(admin), body: document)
            #expect(reply.status == 200, "\(reply.body)")
            #expect(try admin.folder.text(of: "policies/effort.yaml") == document)
            let inForce = try #require(admin.rollouts.policies.policies.first)
            #expect(inForce.salt == "t")
            #expect(reply.headers.first(name: "etag") == "\"\(inForce.version)\"")
            #expect(try reply.json["document"] == .string("\(inForce.version)"))
            #expect(admin.rollouts.authors == [PolicyAuthor(actor: "operator")])
            #expect(try await admin.get(Self.path).body == document)
        }
    }

    @Test func `what is as it should be is answered with the same tag and changes nothing`() async throws {
        try await LiveAdmin.run { admin in
            let present = try await Self.present(admin)
            let reply = try await admin.change(.PUT, Self.path, present, body: ScriptedRollouts.document)
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "etag") == present.first(name: "if-match"))
            #expect(admin.rollouts.authors == [])
        }
    }

    @Test func `a new policy gets a file of its name, and only if there is none`() async throws {
        try await LiveAdmin.run { admin in
            let document = Self.document(salt: "t", id: "second", priority: 11)
            let reply = try await admin.change(
                .PUT,
                "/v1/policies/second",
                ["if-none-match": "*"],
                body: document
            )
            #expect(reply.status == 201, "\(reply.body)")
            #expect(try reply.json["file"] == .string("second.yaml"))
            #expect(try admin.folder.text(of: "policies/second.yaml") == document)
            let again = try await admin.change(
                .PUT,
                "/v1/policies/second",
                ["if-none-match": "*"],
                body: document
            )
            #expect(again.status == 412)
        }
    }

    @Test(
        arguments: [
            ([:], 428, "precondition_required"),
            (["if-match": "\"000000000000\""], 412, "precondition_failed"),
            (["if-none-match": "*"], 412, "precondition_failed"),
            (["if-match": "000000000000"], 400, "invalid_value"),
            (["if-match": "\"\""], 400, "invalid_value"), (["if-match": "\"a\" \"b\""], 400, "invalid_value"),
            (["if-none-match": "\"a\""], 400, "invalid_value"),
            (["if-match": "*", "if-none-match": "*"], 400, "invalid_value"),
        ] as [(HTTPHeaders, Int, String)]
    )
    func `a change has to name the version that it changes`(
        condition: HTTPHeaders,
        status: Int,
        code: String
    ) async throws {
        try await LiveAdmin.run { admin in
            let version = try #require(admin.rollouts.policies.policies.first?.version)
            for (method, path, body) in [
                (HTTPMethod.PUT, Self.path, Self.document(salt: "t")), (.DELETE, Self.path, ""),
                (.POST, Self.path + "/revert", #"{"version":"0123456789ab"}"#),
            ] {
                let reply = try await admin.change(method, path, condition, body: body)
                #expect(reply.status == status, "\(method) \(reply.body)")
                #expect(try reply.errorCode == code)
                guard status != 400 else { continue }
                #expect(reply.body.contains("\(version)"), "\(reply.body)")
                #expect(reply.headers.first(name: "etag") == "\"\(version)\"")
            }
            #expect(admin.rollouts.authors == [])
            #expect(try admin.folder.text(of: "policies/effort.yaml") == ScriptedRollouts.document)
        }
    }

    @Test func `tags may be several up to their limit, and any`() async throws {
        let most = GatewayLimits.admin.entityTags
        try await LiveAdmin.run { admin in
            let version = try #require(admin.rollouts.policies.policies.first?.version)
            let others = [String](repeating: "\"000000000000\"", count: most - 1)
            let tags = (others + ["\"\(version)\""]).joined(separator: ", ")
            let document = Self.document(salt: "t")
            let many = try await admin.change(
                .PUT,
                Self.path,
                ["if-match": tags + ", \"000000000000\""],
                body: document
            )
            #expect(many.status == 400)
            let some = try await admin.change(.PUT, Self.path, ["if-match": tags], body: document)
            #expect(some.status == 200)
            let any = try await admin.change(
                .PUT,
                Self.path,
                ["if-match": "*"],
                body: Self.document(salt: "u")
            )
            #expect(any.status == 200)
        }
    }

    @Test func `there being no such policy is said of each method`() async throws {
        try await LiveAdmin.run { admin in
            let path = "/v1/policies/second"
            let document = Self.document(salt: "t", id: "second", priority: 11)
            let put = try await admin.change(.PUT, path, ["if-match": "*"], body: document)
            #expect(put.status == 412 && put.headers.first(name: "etag") == nil)
            #expect(put.body.contains("If-None-Match: *"), "\(put.body)")
            #expect(try await admin.change(.PUT, path, body: document).status == 428)
            let gone = try await admin.change(.DELETE, path, ["if-match": "*"])
            #expect(gone.status == 404)
            #expect(try gone.errorCode == "policy_not_found")
        }
    }

    @Test func `a document that would be refused is 422 with every problem and its fix`() async throws {
        try await LiveAdmin.run { admin in
            let broken = Self.document(salt: "t", id: "effrot")
                .replacing("priority: 10", with: "priority: ten").replacing("share: 100%", with: "share: 90%")
            let reply = try await admin.change(.PUT, Self.path, ["if-match": "*"], body: broken)
            #expect(reply.status == 422)
            #expect(try reply.errorCode == "policy_invalid")
            for part in [
                #""path":"policy""#, #""path":"priority","line":3"#, #""path":"arms""#,
                #""file":"effort.yaml""#, #""message":""#, #""fix":""#,
            ] {
                #expect(reply.body.contains(part), "\(part) is not in \(reply.body)")
            }
            #expect(!reply.body.contains(admin.folder.path), "\(reply.body)")
            #expect(try admin.folder.text(of: "policies/effort.yaml") == ScriptedRollouts.document)
        }
    }

    @Test func `what the model can't serve is refused as at the start`() async throws {
        try await LiveAdmin.run { admin in
            let document = ScriptedRollouts.document.replacing("mode: low", with: "mode: high")
            let reply = try await admin.change(.PUT, Self.path, ["if-match": "*"], body: document)
            #expect(reply.status == 422)
            #expect(reply.body.contains("arms.low.mode"), "\(reply.body)")
        }
    }

    @Test func `a document is taken at its limit and refused past it`() async throws {
        try await LiveAdmin.run { admin in
            let document = Self.document(salt: "t") + "\n#"
            let room = DocumentLimit.fileBytes - document.utf8.count
            let longest = document + String(repeating: "#", count: room)
            let past = try await admin.change(.PUT, Self.path, ["if-match": "*"], body: longest + "#")
            #expect(past.status == 413)
            #expect(try await admin.post("/v1/validate", longest + "#").status == 413)
            let taken = try await admin.change(.PUT, Self.path, ["if-match": "*"], body: longest)
            #expect(taken.status == 200, "\(taken.body)")
        }
    }

    @Test func `an edit of the file that is not in force yet is not written over`() async throws {
        try await LiveAdmin.run { admin in
            let byHand = Self.document(salt: "by-hand")
            try admin.folder.write(byHand, to: "policies/effort.yaml")
            let reply = try await admin.change(
                .PUT,
                Self.path,
                ["if-match": "*"],
                body: Self.document(salt: "t")
            )
            #expect(reply.status == 409)
            #expect(try reply.errorCode == "conflict")
            #expect(reply.headers.first(name: "retry-after") == "1")
            #expect(try admin.folder.text(of: "policies/effort.yaml") == byHand)
        }
    }

    @Test func `a folder that can't be written is 409 and says so`() async throws {
        try await LiveAdmin.run { admin in
            // A folder in the place of the draft: not even root can write there.
            _ = try admin.folder.makeFolder(
                "policies/effort.yaml.\(ProcessInfo.processInfo.processIdentifier).new"
            )
            let reply = try await admin.change(
                .PUT,
                Self.path,
                ["if-match": "*"],
                body: Self.document(salt: "t")
            )
            #expect(reply.status == 409)
            #expect(try reply.errorCode == "folder_unwritable")
            #expect(reply.body.contains("can't be written"), "\(reply.body)")
            #expect(admin.rollouts.authors == [])
        }
    }

    @Test func `what can't be recorded is 503 and not in the folder`() async throws {
        try await LiveAdmin.run { admin in
            admin.rollouts.loseRecord()
            let reply = try await admin.change(
                .PUT,
                Self.path,
                ["if-match": "*"],
                body: Self.document(salt: "t")
            )
            #expect(reply.status == 503)
            #expect(try reply.errorCode == "record_unavailable")
            #expect(!reply.body.contains("secret"))
            #expect(try admin.folder.text(of: "policies/effort.yaml") == ScriptedRollouts.document)
            #expect(try await admin.get(Self.path).body == ScriptedRollouts.document)
        }
    }

    @Test func `a policy is removed with its file, but not the last one`() async throws {
        try await LiveAdmin.run { admin in
            let last = try await admin.change(.DELETE, Self.path, ["if-match": "*"])
            #expect(last.status == 422)
            #expect(last.body.contains("the folder has no policy"), "\(last.body)")
            let second = Self.document(salt: "t", id: "second", priority: 11)
            let path = "/v1/policies/second"
            let added = try await admin.change(.PUT, path, ["if-none-match": "*"], body: second)
            let tag = try #require(added.headers.first(name: "etag"))
            let removed = try await admin.change(.DELETE, path, ["if-match": tag])
            #expect(removed.status == 200)
            #expect(removed.body == #"{"id":"second","removed":\#(tag)}"#)
            #expect(throws: (any Error).self) { try admin.folder.text(of: "policies/second.yaml") }
            #expect(try await admin.get(path).status == 404)
        }
    }

    @Test func `an earlier version is put back as it was written, with its reason`() async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.change(
                .POST,
                Self.path + "/revert",
                ["if-match": "*"],
                body: #"{"version":"0123456789ab"}"#
            )
            #expect(reply.status == 200, "\(reply.body)")
            #expect(try admin.folder.text(of: "policies/effort.yaml") == ScriptedRollouts.earlier.text)
            let author = PolicyAuthor(actor: "operator", reason: "reverted to 0123456789ab")
            #expect(admin.rollouts.authors == [author])
        }
    }

    @Test(arguments: [
        ("{}", 400, "missing_required_parameter"), (#"{"version":1}"#, 400, "invalid_type"),
        (#"{"version":"0123456789ab","force":true}"#, 400, "unknown_parameter"),
        (#"{"version":"000000000000"}"#, 404, "version_not_found"), ("", 400, "invalid_json"),
    ])
    func `a revert names one version that there was`(body: String, status: Int, code: String) async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.change(.POST, Self.path + "/revert", ["if-match": "*"], body: body)
            #expect(reply.status == status)
            #expect(try reply.errorCode == code)
        }
    }

    @Test func `versions tell their story, newest first`() async throws {
        try await LiveAdmin.run { admin in
            #expect(
                try await admin.get(Self.path + "/versions").body
                    == #"{"versions":[{"version":"0123456789ab","first_seen":7,"from_rollout":false,"#
                    + #""in_force":false,"actor":"ann","reason":"added"},{"version":"ba9876543210","#
                    + #""first_seen":5,"from_rollout":true,"in_force":false,"actor":null,"reason":null}]}"#
            )
            let version = try await admin.get(Self.path + "/versions/0123456789ab")
            #expect(version.body == ScriptedRollouts.earlier.text)
            #expect(version.headers.first(name: "etag") == "\"0123456789ab\"")
        }
    }

    @Test func `a document is checked with the folder around it and changes nothing`() async throws {
        try await LiveAdmin.run { admin in
            func verdict(_ document: String) async throws -> String {
                let reply = try await admin.send(
                    "/v1/validate",
                    .POST,
                    authorization: "Bearer \(admin.viewer)",
                    body: document
                )
                #expect(reply.status == 200)
                return reply.body
            }
            let none = #"{"problems":[],"warnings":[]}"#
            #expect(try await verdict(Self.document(salt: "t")) == none)
            let tie = try await verdict(Self.document(salt: "t", id: "second"))
            #expect(tie.contains("second.yaml") && tie.contains("priority 10 is also that of"), "\(tie)")
            let hidden = try await verdict(Self.document(salt: "t", id: "second", priority: 11))
            #expect(hidden.hasPrefix(#"{"problems":[],"warnings":[{"file":"second.yaml""#), "\(hidden)")
            let broken = try await verdict("policy: [")
            #expect(broken.contains("no valid YAML"), "\(broken)")
            #expect(admin.rollouts.authors == [])
        }
    }

    @Test func `a viewer changes no document`() async throws {
        try await LiveAdmin.run { admin in
            for (method, path) in [
                (HTTPMethod.PUT, Self.path), (.DELETE, Self.path), (.POST, Self.path + "/revert"),
            ] {
                let reply = try await admin.send(
                    path,
                    method,
                    authorization: "Bearer \(admin.viewer)",
                    headers: ["if-match": "*"],
                    body: Self.document(salt: "t")
                )
                #expect(reply.status == 403, "\(method)")
            }
            #expect(admin.rollouts.authors == [])
        }
    }
}
