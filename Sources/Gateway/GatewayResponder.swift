internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Telemetry

/// Answers one HTTP request: finds its route, reads its body, writes its response.
///
/// It works below Hummingbird's router, on the request and the response writer. There a response is a value that
/// is returned before its body is written, so a streamed answer would outlive the scope that owes the record its
/// completion; here one function holds the request from its head to its last byte.
struct GatewayResponder: Sendable {
    let core: GatewayCore
    let date: HTTPDate

    @concurrent func respond(
        to request: Request,
        with writer: consuming ResponseWriter,
        on channel: any Channel
    ) async throws {
        var answer = AnswerWriter(writer, date: date.text, isHeadOnly: request.method == .head)
        var label = RouteLabel.other
        defer {
            if let status = answer.status {
                core.metrics.http.responded(label, StatusClass(status: status.code))
            }
            if let refusal = answer.refusal { core.metrics.http.refused(refusal) }
        }
        let route: Route
        var caller = Caller.anonymous
        do {
            route = try Route(path: request.uri.path, method: request.method)
            label = route.label
            if route.isForClients { caller = try core.clients.caller(for: request.headers[.authorization]) }
        } catch {
            return try await answer.respond(WholeResponse(error))
        }
        switch route {
        case .chatCompletions:
            let chat = ChatCompletionsRoute(core: core, caller: caller)
            try await chat.respond(to: request, on: channel, with: &answer)
        case .models: try await answer.respond(ModelsRoute(core: core).response())
        case .model: try await answer.respond(ModelRoute(core: core).response(at: request.uri.path))
        case .outcomes: try await answer.respond(OutcomesRoute(core: core).response(to: request))
        case .health: try await answer.respond(HealthRoute().response())
        case .ready: try await answer.respond(ReadyRoute(core: core).response())
        case .metrics: try await answer.respond(MetricsRoute(core: core).response())
        case .openAPI: try await answer.respond(OpenAPIDocument.dataPlane.response)
        }
        // What comes after half a body can't be understood, and whoever sent it so slowly is not waited for again.
        if answer.status == .requestTimeout { throw ChannelError.inputClosed }
    }
}

extension Request {
    /// The whole body.
    ///
    /// A body that is declared too long is refused unread. What it throws besides `GatewayError` is the
    /// connection's own failure, which ends the connection.
    ///
    /// - Parameter arrivals: where its bytes count until all of them are here.
    func bytes(limit: Int, _ arrivals: Admission) async throws -> [UInt8] {
        if let declared = headers[.contentLength].flatMap({ Int($0) }), declared > limit {
            throw GatewayError.bodyTooLarge(limit: limit)
        }
        var bytes: [UInt8] = []
        defer { arrivals.leave(bytes.count) }
        for try await buffer in body {
            guard bytes.count + buffer.readableBytes <= limit else {
                throw GatewayError.bodyTooLarge(limit: limit)
            }
            try arrivals.enter(buffer.readableBytes)
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }
}
