import ArgumentParser
import LlamaBackend
import ModelExecutor
import ServiceLifecycle

/// Which model answers, and with what of the machine.
struct BackendOptions: ParsableArguments {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        /// A model in this process: the built-in one, or the GGUF of `--model`.
        case embedded
        /// Canned answers without a model, for measuring the gateway alone.
        case scripted
    }

    @Option(help: "What answers: embedded (a model in this process) or scripted (canned answers, no model).")
    var backend = Kind.embedded

    @Option(help: ArgumentHelp("Model to serve instead of the built-in one.", valueName: "gguf"))
    var model: String?

    @Option(
        help: ArgumentHelp("Score head of --model; without one only unscored modes work.", valueName: "gguf")
    )
    var head: String?

    @Option(help: "Tokens of one candidate, prompt included; 512 for the built-in model, else 2048.")
    var context: Int?

    @Option(help: "Candidates alive at once.")
    var sequences = 64

    @Option(help: "Threads that decode; chosen from the machine and the model when left out.")
    var threads: Int?

    @Option(help: "Layers to put on a GPU, where libllama was built for one; -1 is all.")
    var gpuLayers = -1

    func validate() throws {
        guard head == nil || model != nil else {
            throw ValidationError("--head belongs to a --model; the built-in model has its own")
        }
        guard context.map({ (64...1_048_576).contains($0) }) ?? true else {
            throw ValidationError("--context must be 64 to 1048576")
        }
        guard (1...256).contains(sequences) else {
            throw ValidationError("--sequences is \(sequences); choose 1 to 256")
        }
        try Self.check(threads: threads)
    }

    static func check(threads: Int?) throws {
        let most = LlamaSettings.maximumThreads
        guard threads.map({ (1...most).contains($0) }) ?? true else {
            throw ValidationError("--threads must be 1 to \(most)")
        }
    }

    /// A puzzle with its thinking takes about 100 tokens; cells beyond this would only take memory.
    static let builtInContext = 512
    static let defaultContext = 2048

    var settings: LlamaSettings {
        LlamaSettings(
            contextTokens: context ?? (model == nil ? Self.builtInContext : Self.defaultContext),
            sequences: sequences,
            threads: threads,
            gpuLayers: gpuLayers
        )
    }

    /// A backend and the service that must run for it to answer, if it needs one.
    func make() throws(LlamaError) -> (backend: any GenerationBackend, service: SessionService?) {
        switch backend {
        case .scripted: return (ScriptedBackend(), nil)
        case .embedded:
            let session = try LlamaSession.loading(LoadedModel(path: model, head: head, settings: settings))
            return (session, SessionService(session: session))
        }
    }

    /// Runs the body beside the backend's own loop, and stops the loop after it.
    func withBackend<Result: Sendable>(
        _ body: @Sendable (any GenerationBackend) async throws -> Result
    ) async throws -> Result {
        let (backend, service) = try make()
        guard let service else { return try await body(backend) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.session.run() }
            do {
                let result = try await body(backend)
                service.session.stop()
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

/// Runs a session's loop for the life of the gateway; requests in progress finish on shutdown.
struct SessionService: Service {
    let session: LlamaSession

    func run() async throws {
        await withGracefulShutdownHandler {
            await session.run()
        } onGracefulShutdown: {
            session.stop()
        }
    }
}
