/// Everything that can keep a model, a head or a conversion from being usable.
public enum LlamaError: Error, Sendable, Hashable {
    case unreadableModel(name: String, reason: String)
    case noContext(model: String, reason: String)
    case unusableSettings(model: String, problem: String, remedy: String)
    case noChatTemplate(model: String)
    case unusableHead(file: String, problem: String)
    case headOfAnotherModel(file: String, problem: String)
    case unusableStateDict(file: String, problem: String)
    case cannotWrite(file: String, reason: String)
    case benchmarkFailed(String)
}

extension LlamaError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadableModel(let name, let reason):
            "\(name) is not a model that can be loaded: \(reason); check the path, or fetch the file again"
        case .noContext(let model, let reason):
            "\(model) was read but cannot run: \(reason); try fewer sequences or a shorter context"
        case .unusableSettings(let model, let problem, let remedy):
            "\(model) cannot run with these settings: \(problem); \(remedy)"
        case .noChatTemplate(let model):
            "\(model) has no chat template that is known here; use a GGUF of an instruction-tuned model"
        case .unusableHead(let file, let problem):
            "\(file) is not a usable score head: \(problem); make it again with `headgate convert-head`"
        case .headOfAnotherModel(let file, let problem):
            "the score head \(file) belongs to another model: \(problem); pass the head made for this model"
        case .unusableStateDict(let file, let problem):
            "\(file) is not a score head's state dict: \(problem); "
                + "save it with torch.save(module.state_dict(), path)"
        case .cannotWrite(let file, let reason):
            "cannot write \(file): \(reason)"
        case .benchmarkFailed(let reason):
            "the benchmark could not run: \(reason)"
        }
    }
}
