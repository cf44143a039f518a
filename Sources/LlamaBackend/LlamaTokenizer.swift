internal import CLlama
internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Text to tokens and back in one model's vocabulary, and the facts about it that are resolved at load.
struct LlamaTokenizer {
    /// What ends a step of thinking, unless the head says otherwise.
    static let defaultStepText = ".\n\n"

    private let weights: LlamaWeights
    private let vocabulary: OpaquePointer
    private let guarded: [Token: String]
    /// No token stands for more bytes than this.
    let longestTokenBytes: Int
    let thinkOpen: Token?
    let thinkClose: Token?

    /// `template` is the text of the model's chat template, whose tokens nobody else may write.
    init(weights: LlamaWeights, template: String) {
        self.weights = weights
        vocabulary = weights.vocabulary
        let open = Self.single("<think>", in: weights.vocabulary, parsesControls: true)
        let close = Self.single("</think>", in: weights.vocabulary, parsesControls: true)
        thinkOpen = close == nil ? nil : open
        thinkClose = open == nil ? nil : close
        guarded = Self.guarded(in: weights.vocabulary, template: template, thinking: [open, close])
        longestTokenBytes = Self.longestTokenBytes(in: weights.vocabulary)
    }

    var size: Int { Int(llama_vocab_n_tokens(vocabulary)) }

    /// The token that a sequence must start with, if the model was trained so.
    var beginning: Token? {
        guard llama_vocab_get_add_bos(vocabulary) else { return nil }
        let token = llama_vocab_bos(vocabulary)
        return token == LLAMA_TOKEN_NULL ? nil : token
    }

    var endOfGeneration: Set<Token> {
        Set((0..<Token(size)).filter { llama_vocab_is_eog(vocabulary, $0) })
    }

    /// The id of the text if it is one token of its own; nil where the tokenizer splits it.
    func single(_ text: String) -> Token? {
        Self.single(text, in: vocabulary, parsesControls: false)
    }

    /// Tokens of a piece of the chat template, whose control tokens mean what they say.
    func templateTokens(_ text: String) -> [Token] {
        Self.tokens(text, in: vocabulary, parsesControls: true)
    }

    /// Tokens of what somebody wrote, in which nothing is a control token.
    ///
    /// llama.cpp leaves control tokens alone when told to, but it always recognises tokens that a vocabulary
    /// calls user-defined, and `<think>` often is one. Those are spelled out here.
    func plainTokens(_ text: String) -> [Token] {
        Self.tokens(text, in: vocabulary, parsesControls: false).flatMap(spelledOut)
    }

    /// The bytes that a token stands for; empty for control tokens.
    func bytes(of token: Token) -> [UInt8] {
        guard (0..<Token(size)).contains(token) else { return [] }
        return Self.piece(of: token, in: vocabulary, rendersControls: false)
    }

    /// The token's text in tokens that mean only themselves: its first character apart from the rest.
    private func spelledOut(_ token: Token) -> [Token] {
        guard let text = guarded[token], text.count > 1 else { return [token] }
        return [text.prefix(1), text.dropFirst()].flatMap { part in
            Self.tokens(String(part), in: vocabulary, parsesControls: false).flatMap(spelledOut)
        }
    }

    /// The user-defined tokens that mean something: those of thinking, and those that the template writes.
    ///
    /// Not all of them, for many vocabularies call long runs of blanks user-defined, which people may write.
    private static func guarded(
        in vocabulary: OpaquePointer,
        template: String,
        thinking: [Token?]
    ) -> [Token: String] {
        var guarded: [Token: String] = [:]
        for token in 0..<llama_vocab_n_tokens(vocabulary) {
            let isUserDefined =
                llama_vocab_get_attr(vocabulary, token).rawValue & LLAMA_TOKEN_ATTR_USER_DEFINED.rawValue != 0
            guard isUserDefined || thinking.contains(token) else { continue }
            let bytes = piece(of: token, in: vocabulary, rendersControls: true)
            let text = String(decoding: bytes, as: UTF8.self)
            let isBlank = text.allSatisfy(\.isWhitespace)
            if thinking.contains(token) || !isBlank && template.contains(text) { guarded[token] = text }
        }
        return guarded
    }

    /// The length of the longest token as the vocabulary writes it, which is no shorter than what it stands for.
    private static func longestTokenBytes(in vocabulary: OpaquePointer) -> Int {
        (0..<llama_vocab_n_tokens(vocabulary)).reduce(1) { longest, token in
            guard let text = llama_vocab_get_text(vocabulary, token) else { return longest }
            return max(longest, strlen(text))
        }
    }

    private static func single(
        _ text: String,
        in vocabulary: OpaquePointer,
        parsesControls: Bool
    ) -> Token? {
        let tokens = tokens(text, in: vocabulary, parsesControls: parsesControls)
        return tokens.count == 1 ? tokens[0] : nil
    }

    private static func tokens(
        _ text: String,
        in vocabulary: OpaquePointer,
        parsesControls: Bool
    ) -> [Token] {
        guard !text.isEmpty else { return [] }
        let bytes = Array(text.utf8).map(CChar.init(bitPattern:))
        var tokens = [Token](repeating: 0, count: bytes.count + 8)
        while true {
            let room = Int32(clamping: tokens.count)
            let count = llama_tokenize(
                vocabulary,
                bytes,
                Int32(clamping: bytes.count),
                &tokens,
                room,
                false,
                parsesControls
            )
            if count >= 0 { return Array(tokens[..<Int(count)]) }
            precondition(count > -Int32.max, "a text of \(bytes.count) bytes is beyond llama.cpp's tokenizer")
            tokens = [Token](repeating: 0, count: Int(-count))
        }
    }

    private static func piece(
        of token: Token,
        in vocabulary: OpaquePointer,
        rendersControls: Bool
    ) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 64)
        var count = llama_token_to_piece(vocabulary, token, &buffer, Int32(buffer.count), 0, rendersControls)
        if count < 0 {
            buffer = [CChar](repeating: 0, count: Int(-count))
            count = llama_token_to_piece(vocabulary, token, &buffer, Int32(buffer.count), 0, rendersControls)
        }
        return buffer[..<max(0, Int(count))].map(UInt8.init(bitPattern:))
    }
}
