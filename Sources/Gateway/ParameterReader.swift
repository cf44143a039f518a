internal import ModelExecutor

/// Turns JSON values into parameters, or names the one that can't be and what it has to be.
struct ParameterReader {
    let limits: GatewayLimits

    func body(_ bytes: [UInt8]) throws(GatewayError) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONParser.value(of: bytes, depthLimit: limits.jsonDepth)
        } catch {
            throw .malformedJSON(error)
        }
        guard case .object(let object) = value else { throw .wrongType(nil, expected: "an object") }
        return object
    }

    func text(_ value: JSONValue, _ name: String) throws(GatewayError) -> String {
        guard case .string(let text) = value else { throw .wrongType(name, expected: "a string") }
        return text
    }

    func flag(_ value: JSONValue, _ name: String) throws(GatewayError) -> Bool {
        guard case .bool(let flag) = value else { throw .wrongType(name, expected: "a boolean") }
        return flag
    }

    func integer(_ value: JSONValue, _ name: String) throws(GatewayError) -> Int64 {
        guard let integer = value.wholeNumber else { throw .wrongType(name, expected: "a 64-bit integer") }
        return integer
    }

    func whole(_ value: JSONValue, _ name: String, in range: ClosedRange<Int>) throws(GatewayError) -> Int {
        guard value.number != nil else { throw .wrongType(name, expected: "an integer") }
        guard let number = value.wholeNumber.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw .invalidParameter(
                name,
                rule: "must be an integer from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    func number(
        _ value: JSONValue,
        _ name: String,
        in range: ClosedRange<Double>
    ) throws(GatewayError) -> Double {
        guard let number = value.number else { throw .wrongType(name, expected: "a number") }
        guard range.contains(number) else {
            throw .invalidParameter(
                name,
                rule: "must be from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
            )
        }
        return number
    }

    func identifier(_ value: JSONValue, _ name: String) throws(GatewayError) -> String {
        let text = try text(value, name)
        guard text.utf8.count <= limits.identifierBytes else {
            throw .invalidParameter(name, rule: "must be at most \(limits.identifierBytes) bytes long")
        }
        return text
    }

    /// Nil for the words that leave it to the policy.
    func tier(_ value: JSONValue, _ name: String) throws(GatewayError) -> Tier? {
        switch try text(value, name) {
        case "auto", "default": return nil
        case Tier.flex.rawValue: return .flex
        case Tier.priority.rawValue: return .priority
        default: throw .invalidParameter(name, rule: "must be one of auto, default, flex, priority")
        }
    }

    func elements(_ value: JSONValue, _ name: String) throws(GatewayError) -> [JSONValue] {
        guard case .array(let elements) = value else { throw .wrongType(name, expected: "an array") }
        return elements
    }

    func object(_ value: JSONValue, _ name: String) throws(GatewayError) -> JSONObject {
        guard case .object(let object) = value else { throw .wrongType(name, expected: "an object") }
        return object
    }

    func stopStrings(_ value: JSONValue, _ name: String) throws(GatewayError) -> [String] {
        let strings: [String]
        switch value {
        case .string(let one): strings = [one]
        case .array(let several):
            var read: [String] = []
            for (index, one) in several.enumerated() { read.append(try text(one, "\(name)[\(index)]")) }
            strings = read
        default: throw .wrongType(name, expected: "a string or an array of strings")
        }
        guard strings.count <= limits.stopStrings else {
            throw .invalidParameter(name, rule: "must hold at most \(limits.stopStrings) strings")
        }
        guard strings.allSatisfy({ (1...limits.stopStringBytes).contains($0.utf8.count) }) else {
            throw .invalidParameter(
                name,
                rule: "must hold strings of 1 to \(limits.stopStringBytes) bytes"
            )
        }
        return strings
    }

    func streamOptions(_ value: JSONValue, _ name: String) throws(GatewayError) -> Bool {
        var includeUsage = false
        for member in try object(value, name).members {
            let path = "\(name).\(member.key)"
            switch member.key {
            case "include_usage":
                if member.value != .null { includeUsage = try flag(member.value, path) }
            case "include_obfuscation":
                if member.value != .null, try flag(member.value, path) { throw .unsupportedParameter(path) }
            default: throw .unknownParameter(path)
            }
        }
        return includeUsage
    }

    func checkMetadata(_ value: JSONValue, _ name: String) throws(GatewayError) {
        let pairs = try object(value, name).members
        guard pairs.count <= limits.metadataPairs else {
            throw .invalidParameter(name, rule: "must hold at most \(limits.metadataPairs) pairs")
        }
        for pair in pairs { _ = try text(pair.value, "\(name).\(pair.key)") }
    }
}

/// Everything that a message may carry.
enum MessageField: String, CaseIterable {
    case role, content, name
    case reasoningContent = "reasoning_content"
    case refusal, annotations
    case toolCalls = "tool_calls"
    case toolCallID = "tool_call_id"
    case functionCall = "function_call"
    case audio
}

/// Who may speak in a conversation, by OpenAI's words.
enum MessageRole: String, CaseIterable {
    case system, developer, user, assistant

    /// What a model's template calls it.
    var spoken: ChatMessage.Role {
        switch self {
        case .system, .developer: .system
        case .user: .user
        case .assistant: .assistant
        }
    }
}

extension ParameterReader {
    func messages(_ value: JSONValue, _ name: String) throws(GatewayError) -> [ChatMessage] {
        let elements = try elements(value, name)
        guard (1...limits.messages).contains(elements.count) else {
            throw .invalidParameter(name, rule: "must hold 1 to \(limits.messages) messages")
        }
        var messages: [ChatMessage] = []
        messages.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            messages.append(try message(element, "\(name)[\(index)]"))
        }
        return messages
    }

    private func message(_ value: JSONValue, _ path: String) throws(GatewayError) -> ChatMessage {
        let object = try object(value, path)
        for member in object.members {
            let field = "\(path).\(member.key)"
            switch MessageField(rawValue: member.key) {
            case .role, .content, .name: continue
            // What an earlier answer of this gateway carries may be sent back; it is not shown to the model.
            case .reasoningContent, .refusal, .annotations: continue
            case .toolCalls, .toolCallID, .functionCall, .audio:
                guard member.value == .null || member.value == .array([]) else {
                    throw .unsupportedParameter(field)
                }
            case nil: throw .unknownParameter(field)
            }
        }
        guard let role = object["role"] else { throw .missingParameter("\(path).role") }
        guard let content = object["content"] else { throw .missingParameter("\(path).content") }
        let knownRole = try self.role(role, "\(path).role")
        return ChatMessage(role: knownRole, content: try self.content(content, "\(path).content"))
    }

    private func role(_ value: JSONValue, _ path: String) throws(GatewayError) -> ChatMessage.Role {
        let word = try text(value, path)
        if let role = MessageRole(rawValue: word) { return role.spoken }
        if word == "tool" || word == "function" { throw .unsupportedParameter(path) }
        throw .invalidParameter(path, rule: "must be system, developer, user or assistant")
    }

    private func content(_ value: JSONValue, _ path: String) throws(GatewayError) -> String {
        switch value {
        case .string(let text): return text
        case .array(let parts):
            guard !parts.isEmpty else { throw .invalidParameter(path, rule: "must not be empty") }
            var text = ""
            for (index, part) in parts.enumerated() { text += try textPart(part, "\(path)[\(index)]") }
            return text
        default: throw .wrongType(path, expected: "a string or an array of text parts")
        }
    }

    private func textPart(_ value: JSONValue, _ path: String) throws(GatewayError) -> String {
        let part = try object(value, path)
        guard let type = part["type"] else { throw .missingParameter("\(path).type") }
        switch try text(type, "\(path).type") {
        case "text": break
        case "image_url", "input_audio", "file", "refusal": throw .unsupportedParameter(path)
        default: throw .invalidParameter("\(path).type", rule: "must be text")
        }
        for member in part.members where member.key != "type" && member.key != "text" {
            throw .unknownParameter("\(path).\(member.key)")
        }
        guard let text = part["text"] else { throw .missingParameter("\(path).text") }
        return try self.text(text, "\(path).text")
    }
}
