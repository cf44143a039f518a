/// Everything that can keep the executor from finishing a request.
public enum ExecutorError: Error, Sendable, Hashable {
    /// `tokens` is a lower bound where the text was too long to be worth counting.
    case promptTooLong(tokens: Int, limit: Int)
    /// With what it is that needs one.
    case needsHead(String)
    case needsSteps(String)
    case needsCalibration
    case invalidRequest(String)
    /// It found no place within its patience, and no smaller effort was allowed or none found one either.
    case waitedTooLong(Duration)
    case queueFull(limit: Int)
    case deadlineExceeded(Compute)
    case cancelled(Compute)
    /// A background request whose place was needed by others.
    case displaced(Compute)
    case modelFailed(String)
    case unusableHead(String)
}

extension ExecutorError {
    /// What the request had cost, where the error tells.
    public var compute: Compute {
        switch self {
        case .deadlineExceeded(let compute), .cancelled(let compute), .displaced(let compute): compute
        case .promptTooLong, .needsHead, .needsSteps, .needsCalibration, .invalidRequest, .waitedTooLong,
            .queueFull,
            .modelFailed, .unusableHead:
            .zero
        }
    }
}

extension ExecutorError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .promptTooLong(let tokens, let limit):
            "the prompt has at least \(tokens) tokens and the model takes \(limit); shorten it"
        case .needsHead(let what):
            "\(what) needs a score head and this model has none; serve one with `--head`, or use mode single or "
                + "`select: majority` without it"
        case .needsSteps(let what):
            "\(what) needs a step token and this model's tokenizer splits \".\\n\\n\"; use `select: majority` without it"
        case .needsCalibration:
            "adaptive effort needs a score head that says what its scores are worth, and this one doesn't; "
                + "use `select: majority`, which stops on agreement"
        case .waitedTooLong(let patience):
            "no place became free within \(patience); try again later"
        case .invalidRequest(let problem):
            problem
        case .queueFull(let limit):
            "the queue already holds \(limit) requests; try again later"
        case .deadlineExceeded(let compute):
            "the deadline passed after \(compute.candidateTokens) candidate tokens; "
                + "ask for less effort or a later deadline"
        case .cancelled(let compute):
            "cancelled after \(compute.candidateTokens) candidate tokens"
        case .displaced(let compute):
            "made way for other requests after \(compute.candidateTokens) candidate tokens"
        case .modelFailed(let problem):
            "the model failed: \(problem)"
        case .unusableHead(let problem):
            "the score head cannot be used: \(problem)"
        }
    }
}
