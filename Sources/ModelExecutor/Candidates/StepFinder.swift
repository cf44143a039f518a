/// Finds, token by token, where a trace is to be scored.
///
/// A step ends at a step token inside the thinking block; what is scored is the position before it, whose state
/// produced the distribution that the step token was drawn from. Of a run of step tokens only the first counts,
/// and none directly after the token that opens the thinking. On a vocabulary without thinking tokens every step
/// counts. On well-formed traces this equals `StepMask`, which needs the whole sequence.
public struct StepFinder: Sendable {
    private let step: Set<Token>
    private let thinkOpen: Token?
    private let thinkClose: Token?
    private var isInside: Bool
    private var mayScore = false

    public init(vocabulary: Vocabulary) {
        step = vocabulary.step
        thinkOpen = vocabulary.thinkOpen
        thinkClose = vocabulary.thinkClose
        isInside = vocabulary.thinkOpen == nil
    }

    /// Takes the next token of prompt or output; true when the position before it is to be scored.
    public mutating func observe(_ token: Token) -> Bool {
        let isStep = step.contains(token)
        let isScored = isStep && isInside && mayScore
        if token == thinkOpen {
            isInside = true
        } else if token == thinkClose {
            isInside = false
        }
        mayScore = !isStep && token != thinkOpen
        return isScored
    }
}
