internal import HTTPTypes
internal import HummingbirdCore
internal import Policy
internal import Store

/// Documents: read, written, and taken back.
extension AdminResponder {
    func listedPolicies() -> [ListedPolicy] {
        let documents = actions.folder.documents
        let phases = Dictionary(uniqueKeysWithValues: actions.rollouts().map { ($0.policy, $0.phase) })
        return actions.policies().policies.compactMap { policy in
            guard let document = documents.policy(named: policy.id) else { return nil }
            return ListedPolicy(
                inForce: policy,
                document: document.version,
                file: documents.file(of: policy.id)?.shortName ?? "",
                phase: phases[policy.id]
            )
        }
    }

    func document(_ id: PolicyID) throws(GatewayError) -> WholeResponse {
        let documents = actions.folder.documents
        guard let policy = documents.policy(named: id), let file = documents.file(of: id) else {
            throw .noSuchPolicy
        }
        let isJSON = file.name.hasSuffix(".json")
        var response = WholeResponse(contentType: isJSON ? "application/json" : Self.yaml, body: file.bytes)
        tag(&response, id, policy.version)
        return response
    }

    func validate(_ request: Request) async throws -> WholeResponse {
        let document = try await request.bytes(limit: limits.documentBytes, arrivals)
        try admission.enter()
        defer { admission.leave() }
        return WholeResponse(body: AdminJSON.verdict(actions.folder.verdict(on: document)))
    }

    func replace(_ id: PolicyID, _ key: AccessKey, _ request: Request) async throws -> WholeResponse {
        guard key.role == .operator else { throw GatewayError.operatorNeeded }
        let document = try await request.bytes(limit: limits.documentBytes, arrivals)
        return try await edit(id, .write(document), request, by: PolicyAuthor(actor: key.name))
    }

    func remove(_ id: PolicyID, _ key: AccessKey, _ request: Request) async throws -> WholeResponse {
        guard key.role == .operator else { throw GatewayError.operatorNeeded }
        try checkEmpty(try await request.bytes(limit: limits.bodyBytes, arrivals))
        return try await edit(id, .remove, request, by: PolicyAuthor(actor: key.name))
    }

    func revert(_ id: PolicyID, _ key: AccessKey, _ request: Request) async throws -> WholeResponse {
        guard key.role == .operator else { throw GatewayError.operatorNeeded }
        let version = try self.version(in: try await request.bytes(limit: limits.bodyBytes, arrivals))
        let document = try text(of: id, at: version)
        let author = PolicyAuthor(actor: key.name, reason: "reverted to \(version)")
        return try await edit(id, .write(Array(document.utf8)), request, by: author)
    }

    func versions(of id: PolicyID) throws(GatewayError) -> WholeResponse {
        try admission.enter()
        defer { admission.leave() }
        let versions = try recorded { () throws(StoreError) in
            try actions.record.versions(id, limits.policyVersions)
        }
        guard !versions.isEmpty else { throw .noSuchPolicy }
        let inForce = actions.policies().policy(named: id)?.version
        return WholeResponse(body: AdminJSON.versions(versions, inForce: inForce))
    }

    func document(_ id: PolicyID, at version: PolicyVersion) throws(GatewayError) -> WholeResponse {
        var response = WholeResponse(contentType: Self.yaml, body: Array(try text(of: id, at: version).utf8))
        response.fields[.eTag] = EntityTag.text(version)
        return response
    }

    private static let yaml = "text/yaml; charset=utf-8"

    private func text(of id: PolicyID, at version: PolicyVersion) throws(GatewayError) -> String {
        try admission.enter()
        defer { admission.leave() }
        let text = try recorded { () throws(StoreError) in try actions.record.document(id, version) }
        guard let text else { throw .noSuchVersion }
        return text
    }

    private func version(in body: [UInt8]) throws(GatewayError) -> PolicyVersion {
        let reader = ParameterReader(limits: limits)
        let object = try reader.body(body)
        for member in object.members where member.key != "version" { throw .unknownParameter(member.key) }
        guard let version = object["version"] else { throw .missingParameter("version") }
        return PolicyVersion(rawValue: try reader.text(version, "version"))
    }

    private func edit(
        _ id: PolicyID,
        _ change: PolicyEdit.Change,
        _ request: Request,
        by author: PolicyAuthor
    ) async throws(GatewayError) -> WholeResponse {
        let condition = try PolicyEdit.Condition(request.headers, limits)
        try admission.enter()
        defer { admission.leave() }
        let edit = PolicyEdit(policy: id, change: change, condition: condition, author: author)
        let edited: PolicyEdited
        do { edited = try await actions.folder.edit(edit) } catch { throw .edit(error) }
        guard let version = edited.after else {
            return WholeResponse(body: AdminJSON.removal(of: id, at: edited.before))
        }
        // It may be gone again by now.
        guard let listed = listedPolicies().first(where: { $0.inForce.id == id }) else { throw .noSuchPolicy }
        var response = WholeResponse(edited.before == nil ? .created : .ok, body: AdminJSON.policy(listed))
        tag(&response, id, version)
        return response
    }

    private func tag(_ response: inout WholeResponse, _ id: PolicyID, _ version: PolicyVersion) {
        response.fields[.eTag] = EntityTag.text(version)
        response.fields[.headgateVersionInForce] = actions.policies().policy(named: id)?.version.rawValue
    }
}
