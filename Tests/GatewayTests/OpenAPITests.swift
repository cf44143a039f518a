import HTTPTypes
import ModelExecutor
import NIOHTTP1
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

/// The OpenAPI documents against the code's own lists and limits, so that neither drifts from the other.
@Suite(.timeLimit(.minutes(5)))
struct OpenAPITests {
    private let data: JSONValue
    private let admin: JSONValue
    private let limits = GatewayLimits()

    init() throws {
        data = try Self.parsed(.dataPlane)
        admin = try Self.parsed(.adminPlane)
    }

    private static func parsed(_ document: OpenAPIDocument) throws -> JSONValue {
        try JSONParser.value(of: document.bytes, depthLimit: 64)
    }

    @Test func `the data plane tells its document to anybody`() async throws {
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let reply = try await gateway.get("/openapi.json")
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "content-type") == "application/json")
            #expect(try reply.json == (try Self.parsed(.dataPlane)))
        }
    }

    @Test func `the admin plane tells its document to whoever has a key`() async throws {
        try await LiveAdmin.run { admin in
            #expect(try await admin.send("/openapi.json", authorization: nil).status == 401)
            let reply = try await admin.get("/openapi.json")
            #expect(try reply.json == (try Self.parsed(.adminPlane)))
        }
    }

    @Test func `every route of the data plane is described, and no other`() {
        #expect(
            data.operations == Set(Route.allCases.map { "\($0.method.rawValue) \($0.rawValue)" })
        )
    }

    @Test func `the parameters of a chat request are those that the gateway knows`() {
        let parameters = data.schema("ChatRequest")?["properties"]
        let refused = Set(OpenAIParameter.allCases.map(\.rawValue))
        #expect(parameters?.keys == OpenAIParameter.served.union(refused).union(["model", "messages"]))
        #expect(data.schema("Message")?["properties"]?.keys == Set(MessageField.allCases.map(\.rawValue)))
        #expect(data.schema("Outcome")?["properties"]?.keys == OutcomeRequest.fields)
    }

    @Test(arguments: OpenAIParameter.allCases)
    func `a parameter that is not served is described with the values that mean nothing`(
        parameter: OpenAIParameter
    ) throws {
        let some: [JSONValue] = [
            .null, .integer(0), .integer(1), .integer(2), .bool(true), .bool(false), .array([]),
            .array([.string("text")]), .array([.string("audio")]), .object(JSONObject(members: [])),
            .object(JSONObject(members: [.init(key: "type", value: .string("text"))])),
            .object(JSONObject(members: [.init(key: "type", value: .string("json_object"))])),
        ]
        let words = ["none", "auto", "required", "low", "medium", "high", "24h", ""].map {
            JSONValue.string($0)
        }
        let described = try #require(
            data.resolved(data.schema("ChatRequest")?["properties"]?[parameter.rawValue])?["enum"]?.elements
        )
        for value in some + words {
            #expect(parameter.isNeutral(value) == described.contains(value), "\(parameter) \(value)")
        }
    }

    @Test func `what is one of a few words is described with the code's words`() {
        func words<Word: CaseIterable & RawRepresentable<String>>(_ type: Word.Type) -> Set<String> {
            Set(type.allCases.map(\.rawValue))
        }
        let request = data.schema("ChatRequest")?["properties"]
        #expect(request?["reasoning_effort"]?.words == words(ReasoningEffort.self))
        #expect(request?["service_tier"]?.words == words(Limits.Tier.self).union(["auto"]))
        #expect(data.schema("Message")?["properties"]?["role"]?.words == words(MessageRole.self))
        // A policy's or a client's; the executor has one more, which no client's request is given.
        #expect(data.schema("ServedTier")?.words == words(Limits.Tier.self))
        #expect(data.schema("Candidate")?["properties"]?["end"]?.words == words(CandidateEnd.self))
        #expect(data.schema("Headgate")?["properties"]?["stopped_by"]?.words == words(StoppedBy.self))
        let choice = data.schema("ChatCompletion")?["properties"]?["choices"]?["items"]
        #expect(choice?["properties"]?["finish_reason"]?.words == words(FinishReason.self))
        #expect(data.schema("Outcome")?["properties"]?["source"]?.words == words(OutcomeSource.self))
        let receipt = data.schema("OutcomeReceipts")?["properties"]?["outcomes"]?["items"]
        #expect(receipt?["properties"]?["status"]?.words == words(OutcomeReceipt.self))
        for plane in [data, admin] {
            #expect(plane.schema("ErrorType")?.words == words(ErrorResponse.Kind.self))
        }
    }

    @Test func `each limit is described with the code's number`() throws {
        let request = data.schema("ChatRequest")?["properties"]
        for name in ["max_tokens", "max_completion_tokens", "top_k"] {
            #expect(
                request?[name]?["maximum"]?.wholeNumber == Int64(GenerationRequest.maximumTokens),
                "\(name)"
            )
        }
        #expect(request?["repetition_penalty"]?["minimum"]?.number == Mode.leastRepetitionPenalty)
        func most(_ value: JSONValue?, _ rule: String) -> Int? { value?[rule]?.wholeNumber.map { Int($0) } }
        #expect(most(request?["messages"], "maxItems") == limits.messages)
        #expect(most(request?["stop"]?["oneOf"]?[1], "maxItems") == limits.stopStrings)
        #expect(most(data.schema("StopString"), "maxLength") == limits.stopStringBytes)
        #expect(most(request?["metadata"], "maxProperties") == limits.metadataPairs)
        for name in ["user", "safety_identifier"] {
            #expect(most(request?[name], "maxLength") == limits.identifierBytes, "\(name)")
        }
        for name in ["metric", "idempotency_key"] {
            let value = data.schema("Outcome")?["properties"]?[name]
            #expect(most(value, "maxLength") == limits.identifierBytes, "\(name)")
        }
        let chat = data["paths"]?["/v1/chat/completions"]?["post"]
        let key = chat?["parameters"]?.elements.first { $0["name"]?.string == "Idempotency-Key" }
        #expect(most(key?["schema"], "maxLength") == limits.identifierBytes)
        let batch = data.schema("OutcomeBatch")?["properties"]?["outcomes"]
        #expect(most(batch, "maxItems") == limits.outcomesPerBatch)
        let versions = admin.schema("Versions")?["properties"]?["versions"]
        #expect(most(versions, "maxItems") == GatewayLimits.admin.policyVersions)
        let audit = admin["paths"]?["/v1/audit"]?["get"]?["parameters"]?.elements ?? []
        func query(_ name: String) -> JSONValue? { audit.first { $0["name"]?.string == name }?["schema"] }
        #expect(most(query("contains"), "maxLength") == limits.auditTextBytes)
        #expect(most(query("limit"), "maximum") == limits.auditLines)
        #expect(most(query("limit"), "default") == limits.defaultAuditLines)
    }

    @Test func `limits that no schema can tell stand in the words`() throws {
        func says(_ description: JSONValue?, _ words: String) -> Bool {
            description?["description"]?.string?.contains(words) == true
        }
        let seconds = "within \(Int(limits.bodyTimeout.seconds)) s"
        let body = data["paths"]?["/v1/chat/completions"]?["post"]?["requestBody"]
        #expect(says(body, "At most \(limits.bodyBytes >> 20) MiB, nested at most \(limits.jsonDepth) deep"))
        #expect(says(data.response("BodyTooLarge"), "\(limits.bodyBytes >> 20) MiB"))
        #expect(says(data.response("BodyTooSlow"), seconds))
        #expect(says(admin.response("BodyTooSlow"), seconds))
        #expect(says(admin.response("BodyTooLarge"), "\(GatewayLimits.admin.bodyBytes >> 10) KiB"))
        #expect(says(admin.response("DocumentTooLarge"), "\(GatewayLimits.admin.documentBytes >> 10) KiB"))
        let tags = "at most \(GatewayLimits.admin.entityTags)"
        #expect(says(admin["components"]?["parameters"]?["IfMatch"], tags))
    }

    @Test func `a stream's chunks hold what is described`() async throws {
        let properties = data.schema("ChatCompletionChunk")?["properties"]
        let choices = properties?["choices"]?["items"]?["properties"]
        try await LiveGateway.run(SteppedBackend.complete()) { gateway in
            let more = #","stream_options":{"include_usage":true},"service_tier":"default""#
            let events = try await gateway.chat(more, stream: true).events.filter { $0 != .string("[DONE]") }
            #expect(Set(events.flatMap(\.keys)) == properties?.keys)
            let said = events.compactMap { $0["choices"]?[0] }
            #expect(Set(said.flatMap(\.keys)) == choices?.keys)
            let delta = Set(said.flatMap { $0["delta"]?.keys ?? [] })
            #expect(delta == choices?["delta"]?["properties"]?.keys)
        }
    }
}

extension JSONValue {
    var keys: Set<String> {
        if case .object(let object) = self { Set(object.members.map(\.key)) } else { [] }
    }

    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The strings of a schema's `enum`.
    var words: Set<String> { Set(self["enum"]?.elements.compactMap(\.string) ?? []) }

    func schema(_ name: String) -> JSONValue? { self["components"]?["schemas"]?[name] }

    func response(_ name: String) -> JSONValue? { self["components"]?["responses"]?[name] }

    /// What a value refers to within this document, or the value itself.
    func resolved(_ value: JSONValue?) -> JSONValue? {
        guard let reference = value?["$ref"]?.string else { return value }
        return reference.split(separator: "/").dropFirst().reduce(self) { $0?[String($1)] }
    }

    /// Each as `METHOD path`.
    var operations: Set<String> {
        let methods = ["get", "put", "post", "delete", "patch", "options", "head", "trace"]
        let paths = self["paths"]?.keys ?? []
        return Set(
            paths.flatMap { path in
                methods.filter { self["paths"]?[path]?[$0] != nil }.map { "\($0.uppercased()) \(path)" }
            }
        )
    }
}
