internal import HTTPTypes
internal import ModelExecutor
internal import NIOCore

/// Answers a request as server-sent events, while the answer is being written.
///
/// Everything that can happen arrives in one sequence of signals and is handled in order, so the response has one
/// writer and the request one ending.
struct StreamedExchange: ExchangeSteps {
    let core: GatewayCore
    let exchange: Exchange

    private enum Signal: Sendable {
        case event(GenerationEvent)
        case failed(GatewayError)
        case keepAlive
        case left
    }

    /// Leaves the loop over the signals.
    private struct Interruption: Error {
        var ending: Ending
    }

    @concurrent func run(on channel: any Channel, with answer: inout AnswerWriter) async throws {
        // Bounded by the tokens of one answer: a slow reader holds its own answer back and no one's model.
        let (signals, sender) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .unbounded)
        let generation = generation()
        let chatAnswer = chatAnswer
        var progress = Progress()
        let ending = await withTaskGroup { group in
            group.addTask { await pump(generation, sender) }
            group.addTask { await keepAlive(sender) }
            group.addTask {
                await core.presence.departure(from: channel)
                sender.yield(.left)
            }
            defer { group.cancelAll() }
            do throws(Interruption) {
                for await signal in signals {
                    try await handle(signal, chatAnswer, &progress, &answer)
                }
                return cutOff
            } catch {
                return error.ending
            }
        }
        let told = await close(generation, ending, progress)
        try await finish(told, chatAnswer, &answer)
    }

    @concurrent private func handle(
        _ signal: Signal,
        _ chatAnswer: ChatAnswer,
        _ progress: inout Progress,
        _ answer: inout AnswerWriter
    ) async throws(Interruption) {
        switch signal {
        case .left: throw Interruption(ending: Task.isCancelled ? cutOff : .left)
        // A cancelled model fails too, and may be heard of before the cancellation that is the cause.
        case .failed(let error): throw Interruption(ending: Task.isCancelled ? cutOff : .failed(error))
        case .keepAlive: try await send(ServerSentEvent.thinking, &answer)
        case .event(let event):
            progress.note(event, after: ContinuousClock.now - exchange.arrival)
            switch event {
            case .prefilled, .candidateFinished: break
            case .selected(let selected): try await send(chatAnswer.opening(selected), &answer)
            case .answer(let text): try await send(chatAnswer.piece(text), &answer)
            case .finished(let result): throw Interruption(ending: .finished(result))
            }
        }
    }

    /// Sends bytes, starting the response first if they are the first ones; none leaves before the assignment is
    /// on disk. A client that can't be written to has gone.
    @concurrent private func send(_ bytes: [UInt8], _ answer: inout AnswerWriter) async throws(Interruption) {
        if !answer.hasStarted, let failure = await openingFailure() {
            throw Interruption(ending: .failed(.store(failure)))
        }
        do {
            if !answer.hasStarted { try await answer.start(streamFields) }
            try await answer.send(bytes)
        } catch {
            throw Interruption(ending: Task.isCancelled ? cutOff : .left)
        }
    }

    private var streamFields: HTTPFields {
        var fields = fields
        fields[.contentType] = "text/event-stream"
        fields[.cacheControl] = "no-store"
        return fields
    }

    @concurrent private func finish(
        _ ending: Ending,
        _ chatAnswer: ChatAnswer,
        _ answer: inout AnswerWriter
    ) async throws {
        switch ending {
        case .finished(let result):
            if !answer.hasStarted { try await answer.start(streamFields) }
            try await answer.send(chatAnswer.closing(result))
            try await answer.finish()
        case .left: throw ChannelError.inputClosed
        case .failed, .shutDown:
            let error = ending.error ?? .draining
            guard answer.hasStarted else { return try await answer.respond(errorResponse(error)) }
            try await answer.send(error)
            try await answer.finish()
        }
    }

    private func pump(_ generation: Generation, _ sender: AsyncStream<Signal>.Continuation) async {
        do {
            for try await event in generation { sender.yield(.event(event)) }
            sender.yield(.failed(.backend("it ended without a result")))
        } catch {
            sender.yield(.failed(GatewayError(backend: error)))
        }
    }

    private func keepAlive(_ sender: AsyncStream<Signal>.Continuation) async {
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: core.limits.keepAliveInterval)
            } catch {
                return
            }
            sender.yield(.keepAlive)
        }
    }
}
