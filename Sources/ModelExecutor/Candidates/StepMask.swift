/// The scored positions of a whole sequence, by the reference's inference mask.
///
/// It differs from `StepFinder` only on malformed traces: a think token that does not occur exactly once opens
/// the window to the start or the end of the sequence. For parity checks against stored sequences; serving uses
/// the finder, which never lets a literal tag in the text widen the window.
public enum StepMask {
    public static func positions(in tokens: [Token], vocabulary: Vocabulary) -> [Int] {
        let start = onlyIndex(of: vocabulary.thinkOpen, in: tokens) ?? 0
        let end = onlyIndex(of: vocabulary.thinkClose, in: tokens) ?? tokens.count
        return tokens.indices.dropFirst().compactMap { index in
            let previous = tokens[index - 1]
            guard vocabulary.step.contains(tokens[index]), !vocabulary.step.contains(previous) else {
                return nil
            }
            guard previous != vocabulary.thinkOpen else { return nil }
            let position = index - 1
            return position >= start + 1 && position < end ? position : nil
        }
    }

    private static func onlyIndex(of token: Token?, in tokens: [Token]) -> Int? {
        guard let token, let first = tokens.firstIndex(of: token) else { return nil }
        return tokens.lastIndex(of: token) == first ? first : nil
    }
}
