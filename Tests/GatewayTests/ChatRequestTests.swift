import HTTPTypes
import ModelExecutor
import Policy
import Telemetry
import Testing

@testable import Gateway

struct ChatRequestTests {
    private static let messages = #""messages":[{"role":"user","content":"hi"}]"#

    private func request(_ more: String = "", messages: String = messages) throws(GatewayError) -> ChatRequest
    {
        try ChatRequest(
            Array(#"{"model":"default",\#(messages)\#(more.isEmpty ? "" : ",")\#(more)}"#.utf8),
            limits: GatewayLimits()
        )
    }

    @Test func `a full request keeps every value`() throws {
        let chat = try request(
            #"""
            "max_completion_tokens":64,"temperature":0.5,"top_p":0.9,"top_k":40,"repetition_penalty":1.05,
            "stop":["a","b"],"seed":-1,"stream":true,"stream_options":{"include_usage":true},"user":"u","safety_identifier":"s",
            "metadata":{"k":"v"},"reasoning_effort":"high"
            """#
        )
        #expect(chat.model == "default")
        #expect(chat.messages == [ChatMessage(role: .user, content: "hi")])
        #expect(chat.maxTokens == 64)
        #expect(chat.temperature == 0.5)
        #expect(chat.topP == 0.9)
        #expect(chat.topK == 40)
        #expect(chat.repetitionPenalty == 1.05)
        #expect(chat.stop == ["a", "b"])
        #expect(chat.seed == .max)
        #expect(chat.stream && chat.includeUsage)
        #expect(chat.user == "u")
        #expect(chat.safetyIdentifier == "s")
        #expect(chat.reasoningEffort == .high)
    }

    @Test func `text parts are joined and developer speaks as system`() throws {
        let chat = try request(
            messages: #"""
                "messages":[{"role":"developer","content":[{"type":"text","text":"be "},{"type":"text","text":"brief"}]},
                {"role":"assistant","content":"ok","reasoning_content":"x","refusal":null},{"role":"user","content":""}]
                """#
        )
        #expect(
            chat.messages == [
                ChatMessage(role: .system, content: "be brief"), ChatMessage(role: .assistant, content: "ok"),
                ChatMessage(role: .user, content: ""),
            ]
        )
    }

    @Test(arguments: [
        #""max_tokens":null"#, #""n":1"#, #""n":1.0"#, #""tools":[]"#, #""tool_choice":"none""#,
        #""logprobs":false"#,
        #""logit_bias":{}"#, #""response_format":{"type":"text"}"#, #""frequency_penalty":0"#,
        #""audio":null"#,
        #""presence_penalty":0.0"#, #""parallel_tool_calls":true"#, #""modalities":["text"]"#,
        #""store":false"#,
        #""service_tier":"auto""#, #""stream_options":null"#, #""stop":null"#, #""temperature":null"#,
        #""temperature":0"#, #""temperature":2"#, #""top_p":1"#, #""stop":[]"#, #""stop":"x""#,
        #""max_tokens":64.0"#, #""metadata":{}"#, #""functions":null"#, #""web_search_options":null"#,
        #""stop":["1","2","3","4"]"#, #""repetition_penalty":null"#, #""repetition_penalty":2"#,
        #""repetition_penalty":0.1"#,
    ])
    func `a parameter at its neutral value or limit is taken`(parameter: String) {
        #expect(throws: Never.self) { try request(parameter) }
    }

    @Test(arguments: [
        (#""temperature":"hot""#, "invalid_type", "temperature"),
        (#""temperature":2.01"#, "invalid_value", "temperature"),
        (#""temperature":-0.1"#, "invalid_value", "temperature"),
        (#""top_p":1.5"#, "invalid_value", "top_p"),
        (#""top_p":0"#, "invalid_value", "top_p"),
        (#""top_k":-1"#, "invalid_value", "top_k"),
        (#""top_k":1.5"#, "invalid_value", "top_k"),
        (#""repetition_penalty":0"#, "invalid_value", "repetition_penalty"),
        (#""repetition_penalty":0.099"#, "invalid_value", "repetition_penalty"),
        (#""repetition_penalty":1e-38"#, "invalid_value", "repetition_penalty"),
        (#""repetition_penalty":2.01"#, "invalid_value", "repetition_penalty"),
        (#""repetition_penalty":"1""#, "invalid_type", "repetition_penalty"),
        (#""max_tokens":0"#, "invalid_value", "max_tokens"),
        (#""max_tokens":1e18"#, "invalid_value", "max_tokens"),
        (#""max_tokens":"64""#, "invalid_type", "max_tokens"),
        (#""max_completion_tokens":true"#, "invalid_type", "max_completion_tokens"),
        (#""seed":1e30"#, "invalid_type", "seed"),
        // A Double would round it to the least seed.
        (#""seed":-9223372036854775809"#, "invalid_type", "seed"),
        (#""seed":"1""#, "invalid_type", "seed"),
        (#""stop":["1","2","3","4","5"]"#, "invalid_value", "stop"),
        (#""stop":[1]"#, "invalid_type", "stop[0]"),
        (#""stop":"""#, "invalid_value", "stop"),
        (#""stop":7"#, "invalid_type", "stop"),
        (#""stream":1"#, "invalid_type", "stream"),
        (#""stream_options":{"include_usage":true}"#, "invalid_value", "stream_options"),
        (#""stream":true,"stream_options":{"x":1}"#, "unknown_parameter", "stream_options.x"),
        (#""user":5"#, "invalid_type", "user"),
        (#""metadata":[]"#, "invalid_type", "metadata"),
        (#""metadata":{"a":1}"#, "invalid_type", "metadata.a"),
        (#""reasoning_effort":"huge""#, "invalid_value", "reasoning_effort"),
        (#""n":2"#, "unsupported_parameter", "n"),
        (#""tools":[{}]"#, "unsupported_parameter", "tools"),
        (#""functions":[{}]"#, "unsupported_parameter", "functions"),
        (#""logprobs":true"#, "unsupported_parameter", "logprobs"),
        (#""top_logprobs":2"#, "unsupported_parameter", "top_logprobs"),
        (#""logit_bias":{"5":1}"#, "unsupported_parameter", "logit_bias"),
        (#""response_format":{"type":"json_object"}"#, "unsupported_parameter", "response_format"),
        (#""audio":{}"#, "unsupported_parameter", "audio"),
        (#""modalities":["audio"]"#, "unsupported_parameter", "modalities"),
        (#""prediction":{}"#, "unsupported_parameter", "prediction"),
        (#""service_tier":"scale""#, "invalid_value", "service_tier"),
        (#""web_search_options":{}"#, "unsupported_parameter", "web_search_options"),
        (#""frequency_penalty":0.5"#, "unsupported_parameter", "frequency_penalty"),
        (#""presence_penalty":1"#, "unsupported_parameter", "presence_penalty"),
        (#""temprature":1"#, "unknown_parameter", "temprature"),
        (#""temprature":null"#, "unknown_parameter", "temprature"),
    ])
    func `a parameter that can't be served is refused by name`(more: String, code: String, parameter: String)
    {
        expectRefusal(code, parameter, more) { () throws(GatewayError) in try request(more) }
    }

    @Test(arguments: [
        (#""messages":[]"#, "invalid_value", "messages"),
        (#""messages":null"#, "invalid_type", "messages"),
        (#""messages":"hi""#, "invalid_type", "messages"),
        (#""messages":["hi"]"#, "invalid_type", "messages[0]"),
        (#""messages":[{"content":"hi"}]"#, "missing_required_parameter", "messages[0].role"),
        (#""messages":[{"role":"user"}]"#, "missing_required_parameter", "messages[0].content"),
        (#""messages":[{"role":"king","content":"hi"}]"#, "invalid_value", "messages[0].role"),
        (#""messages":[{"role":1,"content":"hi"}]"#, "invalid_type", "messages[0].role"),
        (#""messages":[{"role":"user","content":null}]"#, "invalid_type", "messages[0].content"),
        (#""messages":[{"role":"user","content":[]}]"#, "invalid_value", "messages[0].content"),
        (#""messages":[{"role":"user","content":["hi"]}]"#, "invalid_type", "messages[0].content[0]"),
        (
            #""messages":[{"role":"user","content":[{"type":"image_url"}]}]"#, "unsupported_parameter",
            "messages[0].content[0]"
        ),
        (
            #""messages":[{"role":"tool","content":"hi"}]"#, "unsupported_parameter",
            "messages[0].role"
        ),
        (#""messages":[{"role":"user","content":"hi","x":1}]"#, "unknown_parameter", "messages[0].x"),
        (#""nothing":1"#, "unknown_parameter", "nothing"),
    ])
    func `messages of another shape are refused by place`(messages: String, code: String, parameter: String) {
        expectRefusal(code, parameter, messages) { () throws(GatewayError) in try request(messages: messages)
        }
    }

    @Test(
        arguments: [
            ("", "invalid_json", nil),
            ("{", "invalid_json", nil),
            ("[]", "invalid_type", nil),
            (#"{"model":"m","model":"m"}"#, "invalid_json", nil),
            (#"{"model":"m"}"#, "missing_required_parameter", "messages"),
            (#"{"messages":[{"role":"user","content":"hi"}]}"#, "missing_required_parameter", "model"),
            (#"{"model":null,"messages":[]}"#, "invalid_type", "model"),
        ] as [(String, String, String?)]
    )
    func `a body that is no request is refused`(body: String, code: String, parameter: String?) {
        expectRefusal(code, parameter, body) { () throws(GatewayError) in
            try ChatRequest(Array(body.utf8), limits: GatewayLimits())
        }
    }

    @Test func `max_tokens is the older name of max_completion_tokens and may not contradict it`() throws {
        #expect(try request(#""max_tokens":5"#).maxTokens == 5)
        #expect(try request(#""max_tokens":5,"max_completion_tokens":5"#).maxTokens == 5)
        #expect(throws: GatewayError.self) { try request(#""max_tokens":9,"max_completion_tokens":5"#) }
        #expect(throws: GatewayError.self) { try request(#""max_completion_tokens":5,"max_tokens":9"#) }
    }

    @Test func `every parameter known and not served is refused or neutral`() {
        for parameter in OpenAIParameter.allCases {
            #expect(parameter.isNeutral(.null), "\(parameter) refuses null")
            #expect(!parameter.isNeutral(.object(JSONObject(members: [.init(key: "x", value: .null)]))))
        }
    }

    private func expectRefusal(
        _ code: String,
        _ parameter: String?,
        _ input: String,
        _ body: () throws(GatewayError) -> ChatRequest
    ) {
        do throws(GatewayError) {
            _ = try body()
            Issue.record("\(input) was taken")
        } catch {
            let response = ErrorResponse(error)
            #expect(response.status == .badRequest, "\(input)")
            #expect(response.code.rawValue == code, "\(input)")
            #expect(response.parameter == parameter, "\(input)")
        }
    }
}
