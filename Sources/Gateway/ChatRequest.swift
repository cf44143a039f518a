internal import ModelExecutor
internal import Policy

/// A chat completion request that has been understood whole: every parameter in it is either here or was neutral.
///
/// There is one way to make one, from the JSON that a client sent, and it refuses by name whatever this gateway
/// would otherwise have to ignore. A client that asks for tools or log-probabilities learns so at once.
struct ChatRequest: Sendable, Hashable {
    private(set) var model = ""
    private(set) var messages: [ChatMessage] = []
    /// Thinking and answer together; nil leaves it to the policy.
    private(set) var maxTokens: Int?
    private(set) var temperature: Double?
    private(set) var topP: Double?
    private(set) var topK: Int?
    private(set) var repetitionPenalty: Double?
    private(set) var stop: [String] = []
    private(set) var seed: UInt64?
    private(set) var stream = false
    private(set) var includeUsage = false
    private(set) var user: String?
    private(set) var safetyIdentifier: String?
    private(set) var reasoningEffort: ReasoningEffort?
    /// The tier that the client claims; nil leaves it to the policy. What it may have is the policy's to say.
    private(set) var tier: Tier?
    /// Whether it asks for a tier, be it in a word that leaves the choice to the policy.
    private(set) var namesTier = false

    init(_ bytes: [UInt8], limits: GatewayLimits) throws(GatewayError) {
        let reader = ParameterReader(limits: limits)
        let body = try reader.body(bytes)
        for member in body.members { try take(member, reader) }
        guard body["model"] != nil else { throw .missingParameter("model") }
        guard body["messages"] != nil else { throw .missingParameter("messages") }
        guard stream || body["stream_options"] == nil || body["stream_options"] == .null else {
            throw .invalidParameter("stream_options", rule: "is only allowed when stream is true")
        }
    }

    private mutating func take(_ member: JSONObject.Member, _ reader: ParameterReader) throws(GatewayError) {
        let name = member.key
        let value = member.value
        switch name {
        case "model": model = try reader.text(value, name)
        case "messages": messages = try reader.messages(value, name)
        default:
            // A null is OpenAI's way to leave a parameter out; only the two above can't be.
            if value == .null, OpenAIParameter.isKnown(name) { return }
            try takeOptional(name, value, reader)
        }
    }

    private mutating func takeOptional(
        _ name: String,
        _ value: JSONValue,
        _ reader: ParameterReader
    ) throws(GatewayError) {
        let most = GenerationRequest.maximumTokens
        switch name {
        case "max_completion_tokens", "max_tokens":
            // The older name of the same.
            let tokens = try reader.whole(value, name, in: 1...most)
            guard maxTokens ?? tokens == tokens else {
                throw .invalidParameter(name, rule: "must not differ from its other name; send one of them")
            }
            maxTokens = tokens
        case "temperature": temperature = try reader.number(value, name, in: 0...2)
        case "top_p":
            let share = try reader.number(value, name, in: 0...1)
            guard share > 0 else { throw .invalidParameter(name, rule: "must be above 0") }
            topP = share
        case "top_k": topK = try reader.whole(value, name, in: 0...most)
        case "repetition_penalty":
            // Not OpenAI's: vLLM's name and range, as its clients send it.
            let penalty = try reader.number(value, name, in: 0...2)
            guard penalty >= Mode.leastRepetitionPenalty else {
                throw .invalidParameter(name, rule: "must be at least \(Mode.leastRepetitionPenalty)")
            }
            repetitionPenalty = penalty
        case "stop": stop = try reader.stopStrings(value, name)
        case "seed": seed = UInt64(bitPattern: try reader.integer(value, name))
        case "stream": stream = try reader.flag(value, name)
        case "stream_options": includeUsage = try reader.streamOptions(value, name)
        case "user": user = try reader.identifier(value, name)
        case "safety_identifier": safetyIdentifier = try reader.identifier(value, name)
        case "metadata": try reader.checkMetadata(value, name)
        case "service_tier":
            tier = try reader.tier(value, name)
            namesTier = true
        case "reasoning_effort":
            guard let effort = ReasoningEffort(rawValue: try reader.text(value, name)) else {
                let choices = ReasoningEffort.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidParameter(name, rule: "must be one of \(choices)")
            }
            reasoningEffort = effort
        default:
            guard let parameter = OpenAIParameter(rawValue: name) else { throw .unknownParameter(name) }
            guard parameter.isNeutral(value) else { throw .unsupportedParameter(name) }
        }
    }
}

/// The parameters of OpenAI's API that this gateway knows and does not serve.
///
/// Each is taken only with the value that means the same as leaving it out, so that a client that spells its
/// defaults out still works and one that asks for more is told.
enum OpenAIParameter: String, CaseIterable {
    case audio
    case frequencyPenalty = "frequency_penalty"
    case functionCall = "function_call"
    case functions
    case logitBias = "logit_bias"
    case logprobs
    case modalities
    case n
    case parallelToolCalls = "parallel_tool_calls"
    case prediction
    case presencePenalty = "presence_penalty"
    case promptCacheKey = "prompt_cache_key"
    case promptCacheRetention = "prompt_cache_retention"
    case responseFormat = "response_format"
    case store
    case toolChoice = "tool_choice"
    case tools
    case topLogprobs = "top_logprobs"
    case verbosity
    case webSearchOptions = "web_search_options"

    func isNeutral(_ value: JSONValue) -> Bool {
        if value == .null { return true }
        switch self {
        case .n: return value.wholeNumber == 1
        case .frequencyPenalty, .presencePenalty, .topLogprobs: return value.number == 0
        case .logprobs, .store: return value == .bool(false)
        case .parallelToolCalls: return value == .bool(true) || value == .bool(false)
        case .functions, .tools: return value == .array([])
        case .logitBias: return value == .object(JSONObject(members: []))
        case .functionCall, .toolChoice: return value == .string("none") || value == .string("auto")
        case .modalities: return value == .array([.string("text")])
        case .verbosity: return value == .string("medium")
        case .responseFormat:
            return value == .object(JSONObject(members: [.init(key: "type", value: .string("text"))]))
        case .audio, .prediction, .promptCacheKey, .promptCacheRetention, .webSearchOptions: return false
        }
    }

    /// Those that are served, beside `model` and `messages`.
    static let served: Set<String> = [
        "max_completion_tokens", "max_tokens", "temperature", "top_p", "top_k", "repetition_penalty", "stop",
        "seed", "stream", "stream_options", "user", "safety_identifier", "metadata", "reasoning_effort",
        "service_tier",
    ]

    static func isKnown(_ name: String) -> Bool {
        served.contains(name) || OpenAIParameter(rawValue: name) != nil
    }
}
