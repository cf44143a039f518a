import NIOHTTP1
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct OutcomesTests {
    /// Runs a gateway that has answered one request, and hands over that request's id.
    private func afterOneAnswer(
        _ body: @Sendable @escaping (LiveGateway, String) async throws -> Void
    ) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let reply = try await gateway.chat()
            try await body(gateway, try #require(reply.headers.first(name: "x-headgate-request-id")))
        }
    }

    @Test func `an outcome is on disk when it is acknowledged`() async throws {
        try await afterOneAnswer { gateway, id in
            let reply = try await gateway.post(
                "/v1/outcomes",
                #"{"request_id":"\#(id)","metric":"success","value":true,"source":"verifier"}"#
            )
            #expect(reply.status == 200)
            #expect(try reply.json["status"] == .string("accepted"))
            let outcomes = try gateway.recorded(id)?.outcomes
            #expect(outcomes?.map(\.value) == [1])
            #expect(outcomes?.map(\.source) == [.verifier])
        }
    }

    @Test func `the same key is taken once, and a different story under it is a conflict`() async throws {
        try await afterOneAnswer { gateway, id in
            let outcome = { (value: Int) in
                #"{"request_id":"\#(id)","metric":"success","value":\#(value),"idempotency_key":"k"}"#
            }
            #expect(try await gateway.post("/v1/outcomes", outcome(1)).status == 200)
            let again = try await gateway.post("/v1/outcomes", outcome(1))
            #expect(again.status == 200)
            #expect(try again.json["status"] == .string("duplicate"))
            let conflict = try await gateway.post("/v1/outcomes", outcome(0))
            #expect(conflict.status == 409)
            #expect(try conflict.errorCode == "conflict")
            #expect(try gateway.recorded(id)?.outcomes.count == 1)
        }
    }

    @Test(arguments: [
        (#"{"request_id":"ID","metric":"success","value":0.5}"#, 400, "invalid_value"),
        (#"{"request_id":"ID","metric":"rating","value":1}"#, 400, "unknown_metric"),
        (
            #"{"request_id":"01890a5d-ac96-774b-bcce-b302099a8057","metric":"success","value":1}"#, 404,
            "unknown_request"
        ),
        (#"{"request_id":"nonsense","metric":"success","value":1}"#, 404, "unknown_request"),
        (#"{"request_id":7,"metric":"success","value":1}"#, 400, "invalid_type"),
        (#"{"request_id":"ID","metric":"success","value":"yes"}"#, 400, "invalid_type"),
        (#"{"request_id":"ID","metric":"success","value":1e999}"#, 400, "invalid_json"),
        (#"{"request_id":"ID","metric":"success"}"#, 400, "missing_required_parameter"),
        (#"{"metric":"success","value":1}"#, 400, "missing_required_parameter"),
        (#"{"request_id":"ID","metric":"success","value":1,"source":"me"}"#, 400, "invalid_value"),
        (#"{"request_id":"ID","metric":"success","value":1,"idempotency_key":""}"#, 400, "invalid_value"),
        (#"{"request_id":"ID","metric":"success","value":1,"extra":1}"#, 400, "unknown_parameter"),
        (#"{"outcomes":[]}"#, 400, "invalid_value"),
        (#"{"outcomes":[7]}"#, 400, "invalid_type"),
        (#"{"outcomes":[{}],"x":1}"#, 400, "unknown_parameter"),
        ("[]", 400, "invalid_type"),
    ])
    func `an outcome that can't be taken is refused and changes nothing`(
        body: String,
        status: UInt,
        code: String
    ) async throws {
        try await afterOneAnswer { gateway, id in
            let reply = try await gateway.post("/v1/outcomes", body.replacing("ID", with: id))
            #expect(reply.status == status)
            #expect(try reply.errorCode == code)
            #expect(try gateway.recorded(id)?.outcomes == [])
        }
    }

    @Test func `a batch has one status per outcome`() async throws {
        try await afterOneAnswer { gateway, id in
            let body = #"""
                {"outcomes":[{"request_id":"\#(id)","metric":"success","value":1,"idempotency_key":"a"},
                {"request_id":"nonsense","metric":"success","value":1},
                {"request_id":"\#(id)","metric":"success","value":1,"idempotency_key":"a"},
                {"request_id":"\#(id)","metric":"speed","value":1}]}
                """#
            let reply = try await gateway.post("/v1/outcomes", body)
            #expect(reply.status == 200)
            let expected = ["accepted", "unknown_request", "duplicate", "unknown_metric"]
            for (index, status) in expected.enumerated() {
                #expect(try reply.json["outcomes"]?[index]?["status"] == .string(status))
            }
        }
    }

    @Test func `more outcomes than the record lets wait are refused for now`() async throws {
        try await LiveGateway.run(SteppedBackend.complete(), outcomeQueueLimit: 2) { gateway in
            let reply = try await gateway.chat()
            let id = try #require(reply.headers.first(name: "x-headgate-request-id"))
            let item = #"{"request_id":"\#(id)","metric":"success","value":1}"#
            func post(_ count: Int) async throws -> Reply {
                let items = [String](repeating: item, count: count).joined(separator: ",")
                return try await gateway.post("/v1/outcomes", #"{"outcomes":[\#(items)]}"#)
            }
            #expect(try await post(2).status == 200)
            let refused = try await post(3)
            #expect(refused.status == 503)
            #expect(try refused.errorCode == "record_unavailable")
            #expect(refused.headers.first(name: "retry-after") == "1")
            #expect(try gateway.recorded(id)?.outcomes.count == 2)
        }
    }

    @Test func `requests with outcomes are taken up to their limit and refused past it`() async throws {
        var limits = GatewayLimits()
        limits.concurrentOutcomeRequests = 2
        limits.retryAfterSeconds = 3
        try await LiveGateway.run(SteppedBackend.complete(), limits: limits) { gateway in
            let body = #"{"outcomes":[{"request_id":"x","metric":"success","value":1}]}"#
            try gateway.core.outcomeAdmission.enter()
            #expect(try await gateway.post("/v1/outcomes", body).status == 200)
            try gateway.core.outcomeAdmission.enter()
            let refused = try await gateway.post("/v1/outcomes", body)
            #expect(refused.status == 503)
            #expect(try refused.errorCode == "overloaded")
            #expect(refused.headers.first(name: "retry-after") == "3")
            #expect(try await gateway.chat().status == 200)
            gateway.core.outcomeAdmission.leave(2)
        }
    }

    @Test func `a batch is taken at its limit and refused past it`() throws {
        let item = #"{"request_id":"x","metric":"m","value":1}"#
        var limits = GatewayLimits()
        limits.outcomesPerBatch = 3
        let body = { (count: Int) in
            Array(#"{"outcomes":[\#([String](repeating: item, count: count).joined(separator: ","))]}"#.utf8)
        }
        #expect(try OutcomeRequest(body(3), limits).items.count == 3)
        #expect(throws: GatewayError.self) { try OutcomeRequest(body(4), limits) }
    }
}
