internal import CLlama
internal import ModelExecutor

/// A model's chat template, cut into the text around the messages.
///
/// llama.cpp's C interface has no Jinja: it recognises the well-known templates by their marks and renders those.
/// Messages are rendered as placeholders, so that what people wrote never passes through the tokenizer together
/// with the template's control tokens.
struct ChatTemplate {
    enum Piece: Equatable {
        case template(String)
        case content(Int)
    }

    let text: String
    /// What the template adds after the generation prompt and llama.cpp's built-in renderers leave out.
    private let thinkingPrompt: String

    /// Nil when the model has no template, or one that llama.cpp does not know.
    init?(weights: LlamaWeights) {
        guard let text = llama_model_chat_template(weights.model, nil) else { return nil }
        self.init(text: String(cString: text))
    }

    init?(text: String) {
        self.text = text
        thinkingPrompt = Self.thinkingPrompt(in: text)
        guard Self.render([ChatMessage(role: .user, content: "x")], with: text) != nil else { return nil }
    }

    /// Whether the prompt ends inside the thinking block.
    var opensThinking: Bool { !thinkingPrompt.isEmpty }

    /// The prompt for the messages, up to where the model speaks.
    func pieces(for messages: [ChatMessage]) -> [Piece]? {
        let marks = messages.indices.map { "\u{E000}\($0)\u{E001}" }
        let placeholders = zip(messages, marks).map { ChatMessage(role: $0.role, content: $1) }
        guard let rendered = Self.render(placeholders, with: text) else { return nil }
        var rest = rendered[...]
        var pieces: [Piece] = []
        for (index, mark) in marks.enumerated() {
            guard let range = rest.firstRange(of: mark) else { return nil }
            pieces.append(.template(String(rest[..<range.lowerBound])))
            pieces.append(.content(index))
            rest = rest[range.upperBound...]
        }
        pieces.append(.template(rest + thinkingPrompt))
        return pieces
    }

    /// Finds out from the template's own text whether its generation prompt opens a thinking block: `<think>`
    /// at the end of a string literal after the last mention of `add_generation_prompt`.
    private static func thinkingPrompt(in text: String) -> String {
        var tail = Substring(text)
        guard tail.contains("add_generation_prompt") else { return "" }
        while let range = tail.firstRange(of: "add_generation_prompt") { tail = tail[range.upperBound...] }
        while let range = tail.firstRange(of: "<think>") {
            tail = tail[range.upperBound...]
            let newline = ["\\n", "\n"].first { tail.hasPrefix($0) }
            let end = tail.dropFirst(newline?.count ?? 0)
            if end.hasPrefix("'") || end.hasPrefix("\"") || end.hasPrefix("{%") {
                return "<think>" + (newline == nil ? "" : "\n")
            }
        }
        return ""
    }

    private static func render(_ messages: [ChatMessage], with template: String) -> String? {
        let roles = messages.map { Array($0.role.rawValue.utf8CString) }
        let contents = messages.map { Array($0.content.utf8CString) }
        var chat: [llama_chat_message] = []
        // The pointers of nested arrays live only inside their closures, so the text is copied out to C memory.
        let copies = zip(roles, contents).map { (copy($0), copy($1)) }
        defer { for (role, content) in copies { role.deallocate(); content.deallocate() } }
        for (role, content) in copies {
            chat.append(llama_chat_message(role: role.baseAddress, content: content.baseAddress))
        }
        var buffer = [CChar](repeating: 0, count: 1024)
        var count = llama_chat_apply_template(template, chat, chat.count, true, &buffer, Int32(buffer.count))
        if count > Int32(buffer.count) {
            buffer = [CChar](repeating: 0, count: Int(count))
            count = llama_chat_apply_template(template, chat, chat.count, true, &buffer, Int32(buffer.count))
        }
        guard count >= 0 else { return nil }
        return String(decoding: buffer[..<Int(count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func copy(_ text: [CChar]) -> UnsafeMutableBufferPointer<CChar> {
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: text.count)
        _ = copy.initialize(from: text)
        return copy
    }
}
