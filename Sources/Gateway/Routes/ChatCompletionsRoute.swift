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
    let caller: Caller

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
            key: caller.key,
            tags: caller.tags,
            apiKeyDigest: caller.digest,
            header: { name in HTTPField.Name(name).flatMap { fields[$0] } }
        )
        guard let policy = core.policies.current.policy(for: attributes, requestID: id.description) else {
            throw .noPolicy
        }
        // Served with less than it asks for, a client would go on believing that it goes first.
        if chat.tier == .priority, policy.limits.tier != .priority {
            throw .invalidParameter("service_tier", rule: "must be auto, default or flex under this policy")
        }
        let effort = chat.reasoningEffort?.rawValue
        let key = try idempotencyKey(fields).map {
            AttemptKey.digest($0, policy: policy, attributes, body: bytes)
        }
        let (assignment, first) = try assignment(id, key, policy, attributes, effort: effort)
        do throws(StoreError) {
            let attempt = first.map { first in
                RecordedAttempt(key: first.key, first: first.request == id ? nil : first.request)
            }
            let opening = try core.store.beginOpen(AssignmentRecord(assignment, id: id, attempt))
            return Exchange(
                id: id,
                arrival: arrival,
                chat: chat,
                policy: policy,
                assignment: assignment,
                firstAttempt: first,
                opening: opening
            )
        } catch {
            if let first, first.request == id { core.firstAttempts.forget(first) }
            throw .store(error)
        }
    }

    /// The request's assignment and, if it has a key, the first attempt with that key: its own, or an earlier one
    /// whose arm it gets.
    private func assignment(
        _ id: RequestID,
        _ key: Int64?,
        _ policy: SplitPolicy,
        _ attributes: RequestAttributes,
        effort: String?
    ) throws(GatewayError) -> (Assignment, StoredAttempt?) {
        do throws(AssignmentRefusal) {
            func assigned(_ id: RequestID, _ arm: ArmID? = nil) throws(AssignmentRefusal) -> Assignment {
                try policy.assignment(
                    for: attributes,
                    requestID: id.description,
                    clientEffort: effort,
                    retriedArm: arm
                )
            }
            guard let key else { return (try assigned(id), nil) }
            let first = try core.firstAttempts.first(key, at: core.now()) { () throws(AssignmentRefusal) in
                StoredAttempt(key: key, request: id, arm: try assigned(id).arm.id)
            }
            let isRetry = first.request != id
            return (try assigned(first.request, isRetry ? first.arm : nil), first)
        } catch {
            switch error {
            case .subjectMissing: throw .subjectRequired
            case .unknownEffort: throw .invalidParameter("reasoning_effort", rule: "is not known")
            }
        }
    }

    private func idempotencyKey(_ fields: HTTPFields) throws(GatewayError) -> String? {
        guard let key = fields[.idempotencyKey] else { return nil }
        let limit = core.limits.identifierBytes
        guard (1...limit).contains(key.utf8.count) else {
            throw .invalidParameter("idempotency-key", rule: "must be 1 to \(limit) bytes long")
        }
        return key
    }
}

extension HTTPField.Name {
    static let headgateRequestID = known("x-headgate-request-id")
    static let headgateArm = known("x-headgate-arm")
    static let headgatePolicy = known("x-headgate-policy")
    static let idempotencyKey = known("idempotency-key")
    /// The version of the split in force; with a rollout's share in it, another one than the document's.
    static let headgateVersionInForce = known("x-headgate-version-in-force")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is not a header name") }
        return name
    }
}
