/// The words of one request, kept where its policy says so.
public struct CapturedText: Sendable, Hashable {
    /// The messages as JSON: `[{"role", "content"}]`.
    public var prompt: String
    public var answer: String
    /// Whether some of it was left out for its length.
    public var isCut: Bool

    public init(prompt: String, answer: String, isCut: Bool) {
        self.prompt = prompt
        self.answer = answer
        self.isCut = isCut
    }
}
