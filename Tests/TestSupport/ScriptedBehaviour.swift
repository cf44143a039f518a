import ModelExecutor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a `ScriptedTokenModel` says after a history of tokens.
public enum ScriptedBehaviour: Sendable {
    /// At temperature 1, one of the completions that the prompt's text calls for, by weight.
    case completions(@Sendable (String) -> [ScriptedTokenModel.Completion])
    /// Pseudo-random letters, steps and ends, all a function of the seed and the whole history.
    case noise(seed: UInt64)
    /// No finite logit at all.
    case broken

    /// What nothing calls for: finite, and far out of reach.
    private static let never: Float = -60

    func output(after history: [Token]) -> (logits: [Float], residual: Float) {
        switch self {
        case .broken:
            (Array(repeating: .nan, count: ScriptedTokenModel.vocabularySize), 0)
        case .noise(let seed):
            Self.noise(seed: seed, history: history)
        case .completions(let script):
            Self.scripted(script, history: history)
        }
    }

    private static func scripted(
        _ script: (String) -> [ScriptedTokenModel.Completion],
        history: [Token]
    ) -> (logits: [Float], residual: Float) {
        var logits = Array(repeating: never, count: ScriptedTokenModel.vocabularySize)
        guard let marker = history.lastIndex(of: ScriptedTokenModel.assistant) else { return (logits, 0) }
        let prompt = history[..<marker].flatMap { token -> [UInt8] in
            token < 256 ? [UInt8(token)] : token == ScriptedTokenModel.step ? Array(".\n\n".utf8) : []
        }
        var said = history[(marker + 1)...]
        let mayOpen = said.first == ScriptedTokenModel.thinkOpen
        var weights: [Token: Double] = [:]
        var residual: Float = 0
        for completion in script(String(decoding: prompt, as: UTF8.self)) {
            let tokens = ScriptedTokenModel.tokens(of: completion.text, special: true)
            said = history[(marker + 1)...]
            // The template has opened the thinking already.
            if mayOpen, tokens.first != ScriptedTokenModel.thinkOpen { said = said.dropFirst() }
            guard tokens.starts(with: said) else { continue }
            let next = said.count < tokens.count ? tokens[said.count] : ScriptedTokenModel.end
            if next == ScriptedTokenModel.step, weights[next] == nil {
                let index = said.count { $0 == ScriptedTokenModel.step }
                let score = index < completion.stepScores.count ? completion.stepScores[index] : 0.5
                residual = Float(log(score / (1 - score)))
            }
            weights[next, default: 0] += completion.weight
        }
        if weights.isEmpty { weights[ScriptedTokenModel.end] = 1 }
        for (token, weight) in weights { logits[Int(token)] = Float(log(weight)) }
        return (logits, residual)
    }

    private static func noise(seed: UInt64, history: [Token]) -> (logits: [Float], residual: Float) {
        var hash = seed ^ 0xCBF2_9CE4_8422_2325
        for token in history {
            hash = (hash ^ UInt64(truncatingIfNeeded: token)) &* 0x0000_0100_0000_01B3
            hash ^= hash >> 29
        }
        var generator = SeededGenerator(seed: hash)
        var logits = Array(repeating: never, count: ScriptedTokenModel.vocabularySize)
        for letter in 0x61...0x70 { logits[letter] = Float.random(in: -2...2, using: &generator) }
        let isClosed = history.contains(ScriptedTokenModel.thinkClose)
        let rare: [(Token, Float)] = [
            (ScriptedTokenModel.step, 0.5),
            (ScriptedTokenModel.thinkClose, isClosed ? never : 0),
            (ScriptedTokenModel.end, isClosed ? 0 : -4),
        ]
        for (token, bias) in rare {
            logits[Int(token)] = bias + Float.random(in: -1...1, using: &generator)
        }
        return (logits, Float.random(in: -3...3, using: &generator))
    }
}
