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
        let (ending, progress) = await generate(on: channel)
        switch await close(ending, progress) {
        case .finished(let result):
            var response = WholeResponse(body: chatAnswer.whole(result))
            response.fields.append(contentsOf: fields)
            try await answer.respond(response)
        case .failed(let error): try await answer.respond(errorResponse(error))
        case .shutDown: try await answer.respond(errorResponse(.draining))
        case .left: throw ChannelError.inputClosed
        }
    }

    /// Generates while the client is watched; whichever ends first ends the request.
    private func generate(on channel: any Channel) async -> (Ending, Progress) {
        let stream = stream()
        return await withTaskGroup { group in
            group.addTask { await collect(stream) }
            group.addTask {
                await core.presence.departure(from: channel)
                return (Ending.left, Progress())
            }
            let first = await group.next() ?? (.left, Progress())
            group.cancelAll()
            // A cancelled watch returns too; then it is this task that was cut off.
            let isCutOff = Task.isCancelled
            if case .left = first.0 {
                // What was used until then is still of interest.
                let collected = await group.next() ?? first
                return (isCutOff ? .shutDown : .left, collected.1)
            }
            return (isCutOff ? .shutDown : first.0, first.1)
        }
    }

    private func collect(_ stream: GenerationStream) async -> (Ending, Progress) {
        var progress = Progress()
        do {
            for try await event in stream {
                progress.note(event, after: ContinuousClock.now - exchange.arrival)
                if case .finished(let result) = event { return (.finished(result), progress) }
            }
            return (.failed(.backend("it ended without a result")), progress)
        } catch {
            return (.failed(GatewayError(backend: error)), progress)
        }
    }
}
