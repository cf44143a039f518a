import NIOHTTP1
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct AdminServerTests {
    private static let reads = [
        "/v1/rollouts", "/v1/rollouts/effort", "/v1/policies", "/v1/policies/effort",
        "/v1/policies/effort/versions", "/v1/policies/effort/versions/0123456789ab", "/v1/audit",
    ]

    @Test func `a viewer reads everything and commands nothing`() async throws {
        try await LiveAdmin.run { admin in
            for path in Self.reads { #expect(try await admin.get(path).status == 200, "\(path)") }
            for command in OperatorCommand.allCases {
                let reply = try await admin.send(
                    "/v1/rollouts/effort/\(command.rawValue)",
                    .POST,
                    authorization: "Bearer \(admin.viewer)"
                )
                #expect(reply.status == 403, "\(command)")
                #expect(try reply.errorCode == "insufficient_role")
            }
            #expect(admin.rollouts.calls.isEmpty)
        }
    }

    @Test func `an operator commands under the name of the key`() async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.post("/v1/rollouts/effort/start")
            #expect(reply.status == 200)
            #expect(try reply.json["phase"] == .string("stage 1"))
            #expect(
                admin.rollouts.calls == [.init(command: .start, policy: "effort", actor: "operator")]
            )
            for path in Self.reads {
                let read = try await admin.send(path, authorization: "bearer \(admin.operator)")
                #expect(read.status == 200, "\(path)")
            }
        }
    }

    @Test(arguments: [
        nil, "", "Bearer", "Bearer ", "Bearer hg_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Basic dmlld2Vy",
        "KEY", "Bearer KEY x",
    ])
    func `who has no known key is asked for one and learns nothing`(authorization: String?) async throws {
        try await LiveAdmin.run { admin in
            let sent = authorization?.replacing("KEY", with: admin.operator)
            for (path, method) in [
                ("/v1/rollouts", HTTPMethod.GET), ("/v1/rollouts/effort/start", .POST), ("/nowhere", .GET),
            ] {
                let reply = try await admin.send(path, method, authorization: sent)
                #expect(reply.status == 401, "\(path)")
                #expect(try reply.errorCode == "invalid_api_key")
                #expect(reply.headers.first(name: "www-authenticate") == "Bearer")
            }
            #expect(admin.rollouts.calls.isEmpty)
        }
    }

    @Test(arguments: [
        ("/", "unknown_url"), ("/v1", "unknown_url"), ("/v1/rollouts/effort/stop", "unknown_url"),
        ("/v1/rollouts/effort/start/now", "unknown_url"), ("/v2/rollouts", "unknown_url"),
        ("/v1/audit/1", "unknown_url"), ("/v1/chat/completions", "unknown_url"),
        ("/v1/policies/other", "policy_not_found"), ("/v1/policies/effort/version", "unknown_url"),
        ("/v1/policies/effort/versions/1/2", "unknown_url"),
        ("/v1/policies/other/versions", "policy_not_found"),
        ("/v1/policies/effort/versions/1", "version_not_found"),
        ("/v1/policies/other/versions/0123456789ab", "version_not_found"),
        ("/v1/rollouts/other", "rollout_not_found"),
    ])
    func `what isn't there is 404`(path: String, code: String) async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.get(path)
            #expect(reply.status == 404)
            #expect(try reply.errorCode == code)
        }
    }

    @Test func `a command to a policy that isn't in force is 404 and reaches no rollout`() async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.post("/v1/rollouts/other/start")
            #expect(reply.status == 404)
            #expect(try reply.errorCode == "policy_not_found")
            #expect(admin.rollouts.calls.isEmpty)
        }
    }

    @Test func `a wrong method is 405 and names the right one`() async throws {
        try await LiveAdmin.run { admin in
            for path in Self.reads {
                let reply = try await admin.post(path)
                #expect(reply.status == 405, "\(path)")
                let isDocument = path == "/v1/policies/effort"
                #expect(reply.headers.first(name: "allow") == (isDocument ? "GET, PUT, DELETE" : "GET"))
            }
            for path in ["/v1/policies", "/v1/policies/effort/versions", "/v1/rollouts/effort"] {
                #expect(try await admin.change(.PUT, path).status == 405, "\(path)")
                #expect(try await admin.change(.DELETE, path).status == 405, "\(path)")
            }
            let validation = try await admin.change(.PATCH, "/v1/validate")
            #expect(validation.headers.first(name: "allow") == "POST")
            let reply = try await admin.get("/v1/rollouts/effort/start")
            #expect(reply.status == 405)
            #expect(reply.headers.first(name: "allow") == "POST")
        }
    }

    @Test func `what the rollout refuses is 409 in its own words`() async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.post("/v1/rollouts/effort/resume")
            #expect(reply.status == 409)
            #expect(try reply.errorCode == "rollout_refused")
            #expect(try reply.json["error"]?["message"] == .string(ScriptedRollouts.refusal))
        }
    }

    @Test func `rollouts and audit are told in full`() async throws {
        try await LiveAdmin.run { admin in
            let rollout =
                #"{"policy":"effort","arm":"low","phase":"idle","share":"5%","stages":["5%","100%"],"#
                + #""since":7,"version":"abc","waits_for":null}"#
            let all = try await admin.get("/v1/rollouts")
            #expect(all.body == #"{"rollouts":[\#(rollout)]}"#)
            #expect(try await admin.get("/v1/rollouts/effort").body == rollout)
            #expect(
                try await admin.get("/v1/audit").body
                    == #"{"audit":[{"time":5,"actor":"ann","action":"rollout","policy":"effort","#
                    + #""before":"idle v1","after":"stage 1 v2","reason":"started by an operator"}]}"#
            )
        }
    }

    @Test func `the audit is asked for what the client asks for`() async throws {
        try await LiveAdmin.run { admin in
            _ = try await admin.get("/v1/audit")
            _ = try await admin.get("/v1/audit?policy=effort&contains=by%20an&limit=1000")
            let (first, second) = (admin.rollouts.queries.first, admin.rollouts.queries.last)
            #expect(first?.limit == 50)
            #expect(first?.policy == nil && first?.contains == nil)
            #expect(second?.limit == 1_000)
            #expect(second?.policy == "effort" && second?.contains == "by an")
        }
    }

    @Test func `parameters are taken at their limits and refused past them`() async throws {
        let most = GatewayLimits.admin.auditTextBytes
        try await LiveAdmin.run { admin in
            for taken in ["limit=1", "limit=1000", "contains=" + String(repeating: "x", count: most)] {
                #expect(try await admin.get("/v1/audit?\(taken)").status == 200, "\(taken)")
            }
            for refused in [
                "limit=0", "limit=1001", "limit=x", "limit=",
                "contains=" + String(repeating: "x", count: most + 1),
            ] {
                let reply = try await admin.get("/v1/audit?\(refused)")
                #expect(reply.status == 400, "\(refused)")
                #expect(try reply.errorCode == "invalid_value", "\(refused)")
            }
            for path in ["/v1/audit?polcy=effort", "/v1/rollouts?policy=effort"] {
                #expect(try await admin.get(path).errorCode == "unknown_parameter", "\(path)")
            }
        }
    }

    @Test func `a body is taken at its limit and refused past it, or with anything in it`() async throws {
        let most = GatewayLimits.admin.bodyBytes
        try await LiveAdmin.run { admin in
            let longest = "{}" + String(repeating: " ", count: most - 2)
            #expect(try await admin.post("/v1/rollouts/effort/start", longest).status == 200)
            let longer = try await admin.post("/v1/rollouts/effort/start", longest + " ")
            #expect(longer.status == 413)
            let parameter = try await admin.post("/v1/rollouts/effort/start", #"{"stage":2}"#)
            #expect(try parameter.errorCode == "unknown_parameter")
            #expect(admin.rollouts.calls.count == 1)
        }
    }

    @Test func `commands past the limit are turned away while those before them run`() async throws {
        var limits = GatewayLimits.admin
        limits.concurrentRequests = 1
        try await LiveAdmin.run(limits: limits) { admin in
            @Sendable func pause() async throws -> Reply {
                defer { admin.rollouts.endPauses() }
                return try await admin.post("/v1/rollouts/effort/pause")
            }
            async let first = pause()
            await admin.rollouts.hasPaused()
            let second = try await admin.post("/v1/rollouts/effort/start")
            #expect(second.status == 503)
            #expect(try second.errorCode == "overloaded")
            admin.rollouts.letGo()
            #expect(try await first.status == 200)
            #expect(try await admin.post("/v1/rollouts/effort/start").status == 200)
        }
    }

    @Test func `a record that can't be read is 503 without inner matter`() async throws {
        try await LiveAdmin.run { admin in
            let reply = try await admin.get("/v1/audit?policy=unreadable")
            #expect(reply.status == 503)
            #expect(try reply.errorCode == "record_unavailable")
            #expect(!reply.body.contains("secret"))
        }
    }

    @Test func `keys that come and go need no restart`() async throws {
        try await LiveAdmin.run { admin in
            #expect(try await admin.get("/v1/rollouts").status == 200)
            let other = try admin.keys.add("other", .viewer)
            #expect(try await admin.send("/v1/rollouts", authorization: "Bearer \(other)").status == 200)
            try admin.keys.remove("viewer")
            #expect(try await admin.get("/v1/rollouts").status == 401)
            #expect(try await admin.send("/v1/rollouts", authorization: "Bearer \(other)").status == 200)
        }
    }

    @Test func `a damaged key file lets nobody in and says so, until it is mended`() async throws {
        try await LiveAdmin.run { admin in
            #expect(try await admin.get("/v1/rollouts").status == 200)
            let sound = try admin.folder.text(of: "admin-keys.json")
            try admin.folder.write(String(sound.dropLast(10)), to: "admin-keys.json")
            let reply = try await admin.get("/v1/rollouts")
            #expect(reply.status == 503)
            #expect(try reply.errorCode == "keys_unusable")
            #expect(!reply.body.contains(admin.folder.path))
            try admin.folder.write(sound, to: "admin-keys.json")
            #expect(try await admin.get("/v1/rollouts").status == 200)
        }
    }

    @Test func `what the admin plane answers is counted apart`() async throws {
        try await LiveAdmin.run { admin in
            _ = try await admin.get("/v1/rollouts")
            _ = try await admin.send("/v1/rollouts", authorization: nil)
            let lines = Set(admin.metrics.exposition().split(separator: "\n").map(String.init))
            for line in [
                #"headgate_http_responses_total{route="admin",status="2xx"} 1"#,
                #"headgate_http_responses_total{route="admin",status="4xx"} 1"#,
                #"headgate_refusals_total{code="invalid_api_key"} 1"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }
}
