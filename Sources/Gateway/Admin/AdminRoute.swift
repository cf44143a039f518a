internal import HTTPTypes
internal import HummingbirdCore
internal import Policy

/// Everything that the admin plane can be asked.
enum AdminRoute: Sendable, Hashable {
    case rollouts
    case rollout(PolicyID)
    case command(OperatorCommand, PolicyID)
    case policies
    case policy(PolicyID)
    case replacement(PolicyID)
    case removal(PolicyID)
    case validation
    case versions(PolicyID)
    case version(PolicyID, PolicyVersion)
    case revert(PolicyID)
    case audit
    case openAPI

    private var method: HTTPRequest.Method {
        switch self {
        case .command, .validation, .revert: .post
        case .replacement: .put
        case .removal: .delete
        case .rollouts, .rollout, .policies, .policy, .versions, .version, .audit, .openAPI:
            .get
        }
    }

    init(path: String, method: HTTPRequest.Method) throws(GatewayError) {
        let routes = Self.routes(path)
        guard !routes.isEmpty else { throw .noSuchRoute }
        let asked = method == .head ? .get : method
        guard let route = routes.first(where: { $0.method == asked }) else {
            throw .methodNotAllowed(allowed: routes.map(\.method.rawValue).joined(separator: ", "))
        }
        self = route
    }

    /// What a path leads to, by any method. Names of policies need no percent signs, so none are decoded.
    private static func routes(_ path: String) -> [AdminRoute] {
        if path == Route.openAPI.rawValue { return [.openAPI] }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (3...6).contains(parts.count), parts[0].isEmpty, parts[1] == "v1" else { return [] }
        let policy = parts.count > 3 ? PolicyID(rawValue: parts[3]) : ""
        let part = parts.count > 4 ? parts[4] : ""
        return switch (parts[2], parts.count) {
        case ("rollouts", 3): [.rollouts]
        case ("rollouts", 4): [.rollout(policy)]
        case ("rollouts", 5): OperatorCommand(rawValue: part).map { [.command($0, policy)] } ?? []
        case ("policies", 3): [.policies]
        case ("policies", 4): [.policy(policy), .replacement(policy), .removal(policy)]
        case ("policies", 5) where part == "versions": [.versions(policy)]
        case ("policies", 5) where part == "revert": [.revert(policy)]
        case ("policies", 6) where part == "versions":
            [.version(policy, PolicyVersion(rawValue: parts[5]))]
        case ("validate", 3): [.validation]
        case ("audit", 3): [.audit]
        default: []
        }
    }
}

extension AuditQuery {
    init(_ uri: URI, _ limits: GatewayLimits) throws(GatewayError) {
        limit = limits.defaultAuditLines
        for (name, value) in uri.queryParameters {
            switch name {
            case "policy": policy = PolicyID(rawValue: String(value))
            case "contains":
                guard value.utf8.count <= limits.auditTextBytes else {
                    throw .invalidParameter(
                        "contains",
                        rule: "must be at most \(limits.auditTextBytes) bytes long"
                    )
                }
                contains = String(value)
            case "limit":
                guard let lines = Int(value), (1...limits.auditLines).contains(lines) else {
                    throw .invalidParameter("limit", rule: "must be from 1 to \(limits.auditLines)")
                }
                limit = lines
            default: throw .unknownParameter(String(name))
            }
        }
    }
}
