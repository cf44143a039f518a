import FoundationEssentials
import AsyncHTTPClient
import HTTPTypes
import ModelExecutor
import NIOHTTP1
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct RoutesTests {
    @Test func `health, readiness and the model list answer`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            #expect(try await gateway.get("/healthz").status == 200)
            #expect(try await gateway.get("/readyz").status == 200)
            let models = try await gateway.get("/v1/models")
            #expect(models.status == 200)
            #expect(try models.json["object"] == .string("list"))
            #expect(try models.json["data"]?[0]?["id"] == .string("default"))
            let model = try await gateway.get("/v1/models/default")
            #expect(model.status == 200)
            #expect(try model.json == models.json["data"]?[0])
            #expect(models.headers.first(name: "date")?.hasSuffix(" GMT") == true)
        }
    }

    @Test(arguments: ["other", "default/", "default/x", "%64efault", "defaul"])
    func `a model that is not served is 404 under its name`(name: String) async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) {
            try await $0.get("/v1/models/\(name)")
        }
        #expect(reply.status == 404)
        #expect(try reply.errorCode == "model_not_found")
        #expect(try reply.json["error"]?["param"] == .string("model"))
    }

    @Test func `readiness is refused before the listener is up and while draining`() throws {
        let readiness = Readiness()
        #expect(readiness.state == .starting)
        readiness.becomeReady()
        #expect(readiness.state == .ready)
        readiness.drain()
        readiness.becomeReady()
        #expect(readiness.state == .draining)
    }

    @Test func `every exit of a request is counted`() async throws {
        let backend = SteppedBackend { call in
            if call.request.stop.isEmpty { call.finish() } else { call.fail(.queueFull(limit: 1)) }
        }
        try await LiveGateway.run(backend) { gateway in
            _ = try await gateway.chat()
            _ = try await gateway.chat(#","stop":"x""#)
            _ = try await gateway.chat(#","n":2"#)
            _ = try await gateway.get("/nowhere/secret")
            let metrics = try await gateway.get("/metrics")
            #expect(metrics.headers.first(name: "content-type") == "text/plain; version=0.0.4; charset=utf-8")
            let lines = Set(metrics.body.split(separator: "\n").map(String.init))
            for line in [
                #"headgate_requests_total{policy="effort",arm="low",state="completed"} 1"#,
                #"headgate_requests_total{policy="effort",arm="low",state="rejected"} 1"#,
                #"headgate_request_latency_seconds_count{policy="effort",arm="low"} 2"#,
                #"headgate_candidates_total{policy="effort",arm="low"} 2"#,
                #"headgate_tokens_total{policy="effort",arm="low",kind="candidate"} 26"#,
                #"headgate_http_responses_total{route="/v1/chat/completions",status="2xx"} 1"#,
                #"headgate_http_responses_total{route="/v1/chat/completions",status="4xx"} 2"#,
                #"headgate_http_responses_total{route="other",status="4xx"} 1"#,
                #"headgate_refusals_total{code="queue_full"} 1"#,
                #"headgate_refusals_total{code="unsupported_parameter"} 1"#,
                #"headgate_refusals_total{code="unknown_url"} 1"#,
                "headgate_active_requests 0",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(!metrics.body.contains("secret"))
            #expect(metrics.body.contains("headgate_tls_certificate_expiry_timestamp_seconds"))
        }
    }

    @Test(arguments: [
        "/", "/v1", "/v1/chat/completions/", "/v1/completions", "/metrics/x", "/V1/models", "/v1/models/",
    ])
    func `an unknown path is 404 in OpenAI's shape`(path: String) async throws {
        let reply = try await LiveGateway.run(SteppedBackend.complete()) { try await $0.get(path) }
        #expect(reply.status == 404)
        #expect(try reply.errorCode == "unknown_url")
    }

    @Test func `HEAD is GET without a body, so that what follows stays in step`() async throws {
        try await LiveGateway.run(SteppedBackend()) { gateway in
            let text =
                "HEAD /healthz HTTP/1.1\r\nhost: x\r\n\r\nHEAD /v1/chat/completions HTTP/1.1\r\nhost: x\r\n\r\n"
                + "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            let answers = try await gateway.answer(to: text).components(separatedBy: "HTTP/1.1 ").dropFirst()
            #expect(answers.map { $0.prefix(3) } == ["200", "405", "200"])
            #expect(answers.dropLast().allSatisfy { $0.hasSuffix("\r\n\r\n") }, "\(answers)")
            #expect(answers.last?.hasSuffix("\r\n\r\n") == false)
        }
    }

    @Test func `a wrong method is 405 and names the right one`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            for route in Route.allCases {
                let path = route.rawValue.replacing("{id}", with: "default")
                let reply = try await gateway.send(
                    gateway.request(path, route.method == .get ? .POST : .GET)
                )
                #expect(reply.status == 405, "\(route)")
                #expect(reply.headers.first(name: "allow") == route.method.rawValue)
                #expect(try reply.errorCode == "method_not_allowed")
            }
        }
    }

    @Test(
        arguments: [
            ("not json", 400, "invalid_json", nil),
            (#"{"model":"default"}"#, 400, "missing_required_parameter", "messages"),
            (#"{"model":"default","messages":[]}"#, 400, "invalid_value", "messages"),
            (
                #"{"model":"other","messages":[{"role":"user","content":"hi"}]}"#, 404, "model_not_found",
                "model"
            ),
            (
                #"{"model":"default","messages":[{"role":"user","content":"hi"}],"n":3}"#, 400,
                "unsupported_parameter",
                "n"
            ),
            (
                #"{"model":"default","messages":[{"role":"user","content":"hi"}],"temperature":"x"}"#, 400,
                "invalid_type", "temperature"
            ),
        ] as [(String, UInt, String, String?)]
    )
    func `a malformed request is answered with its fault and is not recorded`(
        body: String,
        status: UInt,
        code: String,
        parameter: String?
    ) async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let reply = try await gateway.post("/v1/chat/completions", body)
            #expect(reply.status == status)
            #expect(try reply.errorCode == code)
            #expect(try reply.json["error"]?["param"] == parameter.map { .string($0) } ?? .null)
            #expect(try gateway.recorded(reply) == nil)
        }
    }

    @Test func `a body is taken at its limit and refused past it`() async throws {
        var limits = GatewayLimits()
        limits.bodyBytes = LiveGateway.chatBody().utf8.count
        try await LiveGateway.run(SteppedBackend.complete(), limits: limits) { gateway in
            #expect(try await gateway.chat().status == 200)
            let reply = try await gateway.post("/v1/chat/completions", LiveGateway.chatBody() + " ")
            #expect(reply.status == 413)
            #expect(try reply.errorCode == "request_too_large")
        }
    }

    @Test func `a request that no policy covers is told so`() async throws {
        let policy = LiveGateway.policy.replacing("models: [default]", with: "models: [other]")
        let reply = try await LiveGateway.run(SteppedBackend.complete(), policy: policy) {
            try await $0.chat()
        }
        #expect(reply.status == 404)
        #expect(try reply.errorCode == "no_policy")
    }

    @Test func `a policy that needs a subject refuses a request without one`() async throws {
        let policy = LiveGateway.policy.replacing("otherwise: request", with: "otherwise: refuse")
        try await LiveGateway.run(SteppedBackend.complete(), policy: policy) { gateway in
            let without = try await gateway.chat()
            #expect(without.status == 400)
            #expect(try without.errorCode == "subject_required")
            #expect(try await gateway.chat(#","user":"ann""#).status == 200)
            var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
            request.headers.add(name: "X-Subject-Id", value: "ann")
            #expect(try await gateway.send(request).status == 200)
        }
    }
}
