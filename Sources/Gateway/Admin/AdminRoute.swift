internal import HTTPTypes
internal import HummingbirdCore
internal import Policy

/// Every path that the admin plane answers.
enum AdminRoute: Sendable, Hashable {
    case rollouts
    case rollout(PolicyID)
    case command(OperatorCommand, PolicyID)
    case policies
    case policy(PolicyID)
    case audit
    case openAPI

    var method: HTTPRequest.Method {
        switch self {
        case .command: .post
        case .rollouts, .rollout, .policies, .policy, .audit, .openAPI: .get
        }
    }

    init(path: String, method: HTTPRequest.Method) throws(GatewayError) {
        guard let route = Self.route(path) else { throw .noSuchRoute }
        let isHeadOfGet = method == .head && route.method == .get
        guard route.method == method || isHeadOfGet else {
            throw .methodNotAllowed(allowed: route.method.rawValue)
        }
        self = route
    }

    /// Names of policies need no percent signs, so none are decoded.
    private static func route(_ path: String) -> AdminRoute? {
        if path == Route.openAPI.rawValue { return .openAPI }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (3...5).contains(parts.count), parts[0].isEmpty, parts[1] == "v1" else { return nil }
        let policy = parts.count > 3 ? PolicyID(rawValue: parts[3]) : ""
        return switch (parts[2], parts.count) {
        case ("rollouts", 3): .rollouts
        case ("rollouts", 4): .rollout(policy)
        case ("rollouts", 5): OperatorCommand(rawValue: parts[4]).map { .command($0, policy) }
        case ("policies", 3): .policies
        case ("policies", 4): .policy(policy)
        case ("audit", 3): .audit
        default: nil
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
