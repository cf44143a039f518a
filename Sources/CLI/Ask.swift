import ArgumentParser
import Foundation
import Gateway
import ModelExecutor
import Policy
import Store

/// `headgate ask`: one question to the model in this process, with its candidates laid open.
struct Ask: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask the model one question and see its candidates, step scores and pick.",
        discussion: """
            Example:
              headgate ask "Use 3, 8, 8, 9 to make 24." --mode high
            """
    )

    @Argument(help: "The question.")
    var text: String

    @Option(
        help: "Thinking effort: single (k=1), low (2), medium (8), high (32), or RULE@K such as majority@8."
    )
    var mode = "medium"

    @Option(help: "Most tokens of one candidate, thinking and answer together.")
    var maxTokens = 512

    @Option(help: "Seed of the sampling: the same seed gives the same answer. Random when left out.")
    var seed: UInt64?

    @OptionGroup var backend: BackendOptions

    @Flag(help: "Print the chat-completion object as JSON.")
    var json = false

    func validate() throws {
        try NamedMode.check([mode], maxTokens: maxTokens)
    }

    func run() async throws {
        let mode = try NamedMode.named(mode)
        let seed = seed ?? .random(in: .min ... .max)
        let started = ContinuousClock.now
        let (result, model) = try await backend.withBackend { backend in
            let request = GenerationRequest(
                messages: [ChatMessage(role: .user, content: text)],
                effort: Effort(mode),
                sampling: mode.sampling(seed: seed, of: backend.model),
                maxTokens: maxTokens
            )
            return (try await thought(request, by: backend), backend.model)
        }
        let elapsed = started.duration(to: .now)
        if json {
            print(OfflineCompletion(result, mode: mode, model: model, at: .now).json)
        } else {
            print(AskRendering(result: result, mode: mode, elapsed: elapsed, terminal: .output).text)
        }
    }

    private func thought(
        _ request: GenerationRequest,
        by backend: any GenerationBackend
    ) async throws -> GenerationResult {
        var progress = Progress("thinking", total: request.effort.k)
        for try await event in backend.generate(request) {
            switch event {
            case .candidateFinished(let finished, _) where Terminal.errors.isInteractive:
                progress.show(finished)
            case .finished(let result): return result
            default: continue
            }
        }
        throw CancellationError()
    }
}
