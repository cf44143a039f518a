internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import ModelExecutor
internal import NIOCore
internal import Policy
internal import Store
internal import Telemetry

/// `POST /v1/chat/completions`: from the bytes of a request to the last byte of its answer.
struct ChatCompletionsRoute: Sendable {
    let core: GatewayCore

    @concurrent func respond(
        to request: Request,
        on channel: any Channel,
        with answer: inout AnswerWriter
    ) async throws {
        let arrival = ContinuousClock.now
        let id = core.ids.next()
        let bytes: [UInt8]
        do {
            bytes = try await request.bytes(limit: core.limits.bodyBytes, core.arrivals)
            try core.admission.enter()
        } catch let error as GatewayError {
            return try await refuse(error, id, &answer)
        }
        core.metrics.http.activeRequests.add(1)
        defer {
            core.metrics.http.activeRequests.add(-1)
            core.admission.leave()
        }
        let exchange: Exchange
        do {
            exchange = try begin(bytes, request.headers, id, arrival)
        } catch {
            return try await refuse(error, id, &answer)
        }
        if exchange.chat.stream {
            try await StreamedExchange(core: core, exchange: exchange).run(on: channel, with: &answer)
        } else {
            try await WholeExchange(core: core, exchange: exchange).run(on: channel, with: &answer)
        }
    }

    /// Answers a request that never got an arm: it is counted and not recorded.
    @concurrent private func refuse(
        _ error: GatewayError,
        _ id: RequestID,
        _ answer: inout AnswerWriter
    ) async throws {
        var response = WholeResponse(error)
        response.fields[.headgateRequestID] = id.description
        try await answer.respond(response)
    }

    /// Understands the request, gives it an arm and queues its assignment for the record.
    private func begin(
        _ bytes: [UInt8],
        _ fields: HTTPFields,
        _ id: RequestID,
        _ arrival: ContinuousClock.Instant
    ) throws(GatewayError) -> Exchange {
        let chat = try ChatRequest(bytes, limits: core.limits)
        guard chat.model == core.backend.model.name else { throw .modelNotFound }
        let attributes = RequestAttributes(
            model: chat.model,
            bodyUser: chat.user,
            safetyIdentifier: chat.safetyIdentifier,
            header: { name in HTTPField.Name(name).flatMap { fields[$0] } }
        )
        guard let policy = core.policies.current.policy(for: attributes) else { throw .noPolicy }
        // Served with less than it asks for, a client would go on believing that it goes first.
        if chat.tier == .priority, policy.limits.tier != .priority {
            throw .invalidParameter("service_tier", rule: "must be auto, default or flex under this policy")
        }
        let assignment: Assignment
        do throws(AssignmentRefusal) {
            assignment = try policy.assignment(
                for: attributes,
                requestID: id.description,
                clientEffort: chat.reasoningEffort?.rawValue
            )
        } catch {
            switch error {
            case .subjectMissing: throw .subjectRequired
            case .unknownEffort: throw .invalidParameter("reasoning_effort", rule: "is not known")
            }
        }
        do throws(StoreError) {
            let opening = try core.store.beginOpen(AssignmentRecord(assignment, id: id))
            return Exchange(
                id: id,
                arrival: arrival,
                chat: chat,
                policy: policy,
                assignment: assignment,
                opening: opening
            )
        } catch {
            throw .store(error)
        }
    }
}

extension HTTPField.Name {
    static let headgateRequestID = known("x-headgate-request-id")
    static let headgateArm = known("x-headgate-arm")
    static let headgatePolicy = known("x-headgate-policy")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a header name") }
        return name
    }
}
