internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Policy
internal import Store
internal import Telemetry

/// Answers one request to the admin plane.
struct AdminResponder: Sendable {
    let actions: AdminActions
    let keyring: Keyring
    let limits: GatewayLimits
    let admission: Admission
    let arrivals: Admission
    let metrics: HeadgateMetrics
    let date: HTTPDate
    let now: @Sendable () -> Timestamp
    /// Whether clients may be known by a certificate.
    let knowsCertificates: Bool

    @concurrent func respond(
        to request: Request,
        with writer: consuming ResponseWriter,
        on channel: any Channel
    ) async throws {
        var answer = AnswerWriter(writer, date: date.text, isHeadOnly: request.method == .head)
        defer {
            if let status = answer.status { metrics.http.responded(.admin, StatusClass(status: status.code)) }
            if let refusal = answer.refusal { metrics.http.refused(refusal) }
        }
        let response: WholeResponse
        do {
            response = try await self.response(to: request, on: channel)
        } catch let error as GatewayError {
            response = WholeResponse(error)
        }
        try await answer.respond(response)
        // What comes after half a body can't be understood.
        if answer.status == .requestTimeout { throw ChannelError.inputClosed }
    }

    /// Who it is comes first: whoever isn't known learns nothing, not even which paths there are.
    private func response(to request: Request, on channel: any Channel) async throws -> WholeResponse {
        let certificate = knowsCertificates ? try await ClientCertificate.presented(on: channel) : nil
        let key = try keyring.admin(for: request.headers[.authorization], certificate, now: now())
        let route = try AdminRoute(path: request.uri.path, method: request.method)
        if route != .audit, let parameter = request.uri.queryParameters.first {
            throw GatewayError.unknownParameter(String(parameter.key))
        }
        switch route {
        case .rollouts: return WholeResponse(body: AdminJSON.rollouts(actions.rollouts()))
        case .rollout(let id): return WholeResponse(body: AdminJSON.rollout(try rollout(id)))
        case .command(let command, let id): return try await obey(command, id, key, request)
        case .policies: return WholeResponse(body: AdminJSON.policies(listedPolicies()))
        case .policy(let id): return try document(id)
        case .replacement(let id): return try await replace(id, key, request)
        case .removal(let id): return try await remove(id, key, request)
        case .validation: return try await validate(request)
        case .versions(let id): return try versions(of: id)
        case .version(let id, let version): return try document(id, at: version)
        case .revert(let id): return try await revert(id, key, request)
        case .audit: return try audit(try AuditQuery(request.uri, limits))
        case .openAPI: return OpenAPIDocument.adminPlane.response
        }
    }

    private func rollout(_ id: PolicyID) throws(GatewayError) -> RolloutStatus {
        guard let rollout = actions.rollouts().first(where: { $0.policy == id }) else { throw .noSuchRollout }
        return rollout
    }

    private func obey(
        _ command: OperatorCommand,
        _ id: PolicyID,
        _ key: AccessKey,
        _ request: Request
    ) async throws -> WholeResponse {
        guard key.role == .operator else { throw GatewayError.operatorNeeded }
        try checkEmpty(try await request.bytes(limit: limits.bodyBytes, arrivals))
        guard actions.policies().policy(named: id) != nil else { throw GatewayError.noSuchPolicy }
        try admission.enter()
        defer { admission.leave() }
        switch await actions.command(command, id, key.name) {
        case .success(let rollout): return WholeResponse(body: AdminJSON.rollout(rollout))
        case .failure(let refusal): throw GatewayError.commandRefused(refusal.description)
        }
    }

    /// No command takes parameters: one that is sent was meant to have an effect, so it is refused by name.
    func checkEmpty(_ body: [UInt8]) throws(GatewayError) {
        if body.isEmpty { return }
        let object = try ParameterReader(limits: limits).body(body)
        for member in object.members { throw .unknownParameter(member.key) }
    }

    private func audit(_ query: AuditQuery) throws(GatewayError) -> WholeResponse {
        try admission.enter()
        defer { admission.leave() }
        let lines = try recorded { () throws(StoreError) in try actions.record.audits(query) }
        return WholeResponse(body: AdminJSON.audit(lines))
    }

    func recorded<Value>(_ read: () throws(StoreError) -> Value) throws(GatewayError) -> Value {
        do {
            return try read()
        } catch {
            throw .recordUnreadable(error)
        }
    }
}
