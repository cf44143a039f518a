internal import ModelExecutor
internal import NIOCore

/// Answers a request with one body, once everything is known.
///
/// It never waits for the assignment alone: the completion is written behind it, so one commit can hold both, and a
/// fast answer waits for one flush of the disk rather than two.
struct WholeExchange: ExchangeSteps {
    let core: GatewayCore
    let exchange: Exchange

    @concurrent func run(on channel: any Channel, with answer: inout AnswerWriter) async throws {
        let generation = generation()
        let (ending, progress) = await watch(generation, channel)
        switch await close(generation, ending, progress) {
        case .finished(let result):
            var response = WholeResponse(body: chatAnswer.whole(result))
            response.fields.append(contentsOf: fields)
            try await answer.respond(response)
        case .failed(let error): try await answer.respond(errorResponse(error))
        case .shutDown: try await answer.respond(errorResponse(.draining))
        case .left: throw ChannelError.inputClosed
        }
    }

    /// Collects the answer while the client is watched; whichever ends first ends the request.
    private func watch(_ generation: Generation, _ channel: any Channel) async -> (Ending, Progress) {
        await withTaskGroup { group in
            group.addTask { await collect(generation) }
            group.addTask {
                await core.presence.departure(from: channel)
                return (Ending.left, Progress())
            }
            var (ending, progress) = await group.next() ?? (.left, Progress())
            group.cancelAll()
            if case .left = ending, let collected = await group.next() { progress = collected.1 }
            // A cancelled watch returns too; then it is this task that was cut off.
            return (Task.isCancelled ? cutOff : ending, progress)
        }
    }

    private func collect(_ generation: Generation) async -> (Ending, Progress) {
        var progress = Progress()
        do {
            for try await event in generation {
                progress.note(event, after: ContinuousClock.now - exchange.arrival)
                if case .finished(let result) = event { return (.finished(result), progress) }
            }
            return (.failed(.backend("it ended without a result")), progress)
        } catch {
            return (.failed(GatewayError(backend: error)), progress)
        }
    }
}
