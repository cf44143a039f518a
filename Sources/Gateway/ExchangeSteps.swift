internal import HTTPTypes
internal import Logging
internal import ModelExecutor
internal import Policy
internal import Store

/// What the two ways of answering, whole and streamed, have in common.
protocol ExchangeSteps: Sendable {
    var core: GatewayCore { get }
    var exchange: Exchange { get }
}

extension ExchangeSteps {
    /// The headers that tell a client which request, arm and policy version answered it.
    var fields: HTTPFields {
        let assignment = exchange.assignment
        var fields: HTTPFields = [
            .headgateRequestID: exchange.id.description,
            .headgatePolicy: "\(assignment.policy)@\(assignment.version)",
        ]
        if !exchange.policy.isBlind { fields[.headgateArm] = assignment.arm.id.rawValue }
        return fields
    }

    var chatAnswer: ChatAnswer {
        ChatAnswer(exchange, model: core.backend.model.name, now: core.now())
    }

    /// What it means when this request's task was cancelled: the end of a drain, if there is one. Elsewhere it is
    /// the client's doing, for the end of an HTTP/2 connection takes the tasks of its requests along.
    var cutOff: Ending { core.readiness.state == .draining ? .shutDown : .left }

    func generation() -> Generation {
        var base = core.backend.model.sampling
        base.seed = core.seed()
        return core.backend.generate(exchange.generationRequest(base: base))
    }

    /// Ends what still runs, puts the request's one completion on disk, and counts it.
    ///
    /// A request that is cut short is charged with all that was generated for it: clients leave slow arms most, and
    /// those would look cheap. Returns the ending that the client may be told of: an answer whose completion could not be written is one
    /// that failed, for no one may hold an answer that the record doesn't. The record keeps the order of its
    /// writes, so a completion on disk means that its assignment is there too. From then on it may have a shadow.
    func close(_ generation: Generation, _ ending: Ending, _ progress: Progress) async -> Ending {
        let latency = ContinuousClock.now - exchange.arrival
        let spent = if let compute = ending.compute { compute } else { await generation.cancel() }
        var completion = CompletionRecord(
            id: exchange.id,
            ending,
            progress,
            spent: spent,
            latency: latency,
            served: progress.fallback == 0 ? nil : exchange.served(fallback: progress.fallback).name
        )
        if case .finished(let result) = ending {
            completion.review = exchange.policy.review(
                requestID: exchange.id.description,
                score: result.score
            )
            if exchange.policy.captures(completion.review) {
                completion.captured = CapturedText(
                    exchange.chat.messages,
                    answer: result.answer,
                    limit: core.limits.capturedBytes
                )
            }
        }
        if let error = ending.error {
            core.logger.warning(
                "request not completed",
                metadata: ["request": "\(exchange.id)", "state": "\(completion.state)", "error": "\(error)"]
            )
        }
        var told = ending
        do {
            try await core.store.close(completion)
        } catch {
            let cause = await openingFailure() ?? error
            core.logger.error(
                "request not recorded",
                metadata: ["request": "\(exchange.id)", "error": "\(cause)"]
            )
            told = .failed(.store(cause))
            completion.state = .failed
            completion.cause = .store
        }
        core.metrics.count(completion, exchange.assignment)
        if case .finished(let result) = told { core.shadows.offer(exchange, result) }
        return told
    }

    /// Why the assignment isn't on disk; nil if it is.
    func openingFailure() async -> StoreError? {
        do {
            try await exchange.opening.value()
            return nil
        } catch {
            // No row is there to count, so the client's next attempt is the first.
            if let first = exchange.firstAttempt, first.request == exchange.id {
                core.firstAttempts.forget(first)
            }
            return error
        }
    }

    func errorResponse(_ error: GatewayError) -> WholeResponse {
        var response = WholeResponse(error)
        response.fields.append(contentsOf: fields)
        return response
    }
}

extension GatewayError {
    /// What a backend threw, as an error of this module.
    init(backend error: any Error) {
        switch error {
        case let error as ExecutorError: self = .executor(error)
        case let error as GatewayError: self = error
        default: self = .backend("\(error)")
        }
    }
}
