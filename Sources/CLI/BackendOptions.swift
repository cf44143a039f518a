import ArgumentParser
import Gateway
import LlamaBackend
import ModelExecutor
import ServiceLifecycle

/// What answers.
struct BackendOptions: ParsableArguments {
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        /// A model in this process: the built-in one, or the GGUF of `--model`.
        case embedded
        /// Canned answers without a model, for measuring the gateway alone.
        case scripted
    }

    @Option(help: "What answers: embedded (a model in this process) or scripted (canned answers, no model).")
    var backend = Kind.embedded

    @OptionGroup var model: ModelOptions

    /// A backend and the service that must run for it to answer, if it needs one.
    func make() throws(LlamaError) -> (backend: any GenerationBackend, service: SessionService?) {
        switch backend {
        // Whatever body the gateway takes: a canned answer has no context to run out of.
        case .scripted: return (ScriptedBackend(contextTokens: GatewayLimits().bodyBytes), nil)
        case .embedded:
            let session = try LlamaSession.loading(model.load())
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
