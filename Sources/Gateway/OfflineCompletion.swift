public import ModelExecutor
public import Policy
public import Store

/// A result that no policy assigned, in the same shape as one that was served.
///
/// For `ask`: scripts read one kind of object wherever an answer comes from. It names no policy and no arm.
public struct OfflineCompletion: Sendable {
    public let json: String

    public init(_ result: GenerationResult, mode: Mode, model: ModelDescription, at now: Timestamp) {
        let answer = ChatAnswer(id: RequestID.Generator().next(), model: model.name, mode: mode, now: now)
        json = String(decoding: answer.whole(result), as: UTF8.self)
    }
}
