import ArgumentParser
import ModelExecutor
import Policy

/// The modes that the command line knows: the built-in ones, and any rule with any k.
enum NamedMode {
    static func named(_ name: String) throws(UsageError) -> Mode {
        if let mode = Mode.builtIn.first(where: { "\($0.name)" == name }) { return mode }
        if let mode = try ModeText(name).mode() { return mode }
        let known = Mode.builtIn.map { "\($0.name)" }.joined(separator: ", ")
        let rules = SelectionRule.allCases.map(\.rawValue).joined(separator: ", ")
        throw UsageError(
            "there is no mode '\(name)'; choose from \(known), or say RULE@K, such as majority@8, with a rule of "
                + "\(rules) and k of 1 to \(Mode.candidateLimit), and options as \(ModeText.example)"
        )
    }

    /// Throws, in ArgumentParser's own words for it, unless each is a mode and the tokens are a number to allow.
    static func check(_ names: [String], maxTokens: Int) throws {
        guard !names.isEmpty else { throw ValidationError("name at least one mode") }
        for name in names {
            do throws(UsageError) { _ = try named(name) } catch { throw ValidationError("\(error)") }
        }
        guard (1...GenerationRequest.maximumTokens).contains(maxTokens) else {
            throw ValidationError("--max-tokens must be 1 to \(GenerationRequest.maximumTokens)")
        }
    }
}

extension GenerationBackend {
    /// Runs a request to its end and drops the events on the way.
    func result(of request: GenerationRequest) async throws -> GenerationResult {
        for try await event in generate(request) {
            if case .finished(let result) = event { return result }
        }
        throw CancellationError()
    }
}

extension Mode {
    /// The mode's own sampling where it says something, the model's elsewhere.
    func sampling(seed: UInt64, of model: ModelDescription) -> Sampling {
        var sampling = model.sampling
        sampling.temperature = temperature ?? sampling.temperature
        sampling.topP = topP ?? sampling.topP
        sampling.topK = topK ?? sampling.topK
        sampling.repetitionPenalty = repetitionPenalty ?? sampling.repetitionPenalty
        sampling.seed = seed
        return sampling
    }
}
