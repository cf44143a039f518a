import ModelExecutor
import Policy

/// The modes that the command line knows by name.
enum BuiltInMode {
    static func named(_ name: String) throws(UsageError) -> Mode {
        guard let mode = Mode.builtIn.first(where: { "\($0.name)" == name }) else {
            let known = Mode.builtIn.map { "\($0.name)" }.joined(separator: ", ")
            throw UsageError("there is no mode '\(name)'; choose from \(known)")
        }
        return mode
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
    /// What the executor is told of this mode.
    var effort: Effort {
        Effort(k: k, selection: Selection(rawValue: select.rawValue) ?? .first)
    }

    /// The mode's own sampling where it says something, the model's elsewhere.
    func sampling(seed: UInt64, of model: ModelDescription) -> Sampling {
        var sampling = model.sampling
        sampling.temperature = temperature ?? sampling.temperature
        sampling.topP = topP ?? sampling.topP
        sampling.topK = topK ?? sampling.topK
        sampling.seed = seed
        return sampling
    }
}
