internal import ModelExecutor

/// A model's chat template and tokenizer, joined to what turns a conversation into tokens.
///
/// Unchecked: llama.cpp's vocabulary does not change after the load, and its tokenizer keeps no state between
/// calls, so any number of threads may read it.
struct LlamaPrompts: @unchecked Sendable {
    let tokenizer: LlamaTokenizer
    let template: ChatTemplate
    let contextTokens: Int

    func tokens(of messages: [ChatMessage]) throws(ExecutorError) -> [Token] {
        try refuseHopeless(messages)
        guard let pieces = template.pieces(for: messages) else {
            throw .modelFailed("the chat template cannot render this conversation")
        }
        var tokens = tokenizer.beginning.map { [$0] } ?? []
        for piece in pieces {
            switch piece {
            case .template(let text):
                let added = tokenizer.templateTokens(text)
                let repeatsBeginning = tokens.count == 1 && tokens.first == added.first
                tokens.append(contentsOf: repeatsBeginning ? added.dropFirst() : added[...])
            case .content(let index):
                tokens.append(contentsOf: tokenizer.plainTokens(messages[index].content))
            }
        }
        return tokens
    }

    /// Refuses text that would not fit even if all of it were the longest token, before any of it is read.
    private func refuseHopeless(_ messages: [ChatMessage]) throws(ExecutorError) {
        let bytes = messages.reduce(0) { $0 + $1.content.utf8.count }
        let fewest = bytes / tokenizer.longestTokenBytes
        guard fewest < contextTokens else {
            throw .promptTooLong(tokens: fewest, limit: contextTokens - 1)
        }
    }
}
