internal import HTTPTypes
internal import Telemetry

/// Every path that the gateway answers.
enum Route: String, Sendable, CaseIterable {
    case chatCompletions = "/v1/chat/completions"
    case models = "/v1/models"
    case model = "/v1/models/{id}"
    case outcomes = "/v1/outcomes"
    case health = "/healthz"
    case ready = "/readyz"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"

    var method: HTTPRequest.Method {
        switch self {
        case .chatCompletions, .outcomes: .post
        case .models, .model, .health, .ready, .metrics, .openAPI: .get
        }
    }

    var label: RouteLabel {
        switch self {
        case .chatCompletions: .chatCompletions
        case .models: .models
        case .model: .model
        case .outcomes: .outcomes
        case .health: .health
        case .ready: .ready
        case .metrics: .metrics
        case .openAPI: .openAPI
        }
    }

    /// Whether it is for clients alone, where a key is required; the others are for whoever watches the gateway.
    var isForClients: Bool {
        switch self {
        case .chatCompletions, .models, .model, .outcomes: true
        case .health, .ready, .metrics, .openAPI: false
        }
    }

    init(path: String, method: HTTPRequest.Method) throws(GatewayError) {
        guard let route = Self.modelID(in: path) == nil ? Route(rawValue: path) : .model else {
            throw .noSuchRoute
        }
        let isHeadOfGet = method == .head && route.method == .get
        guard route.method == method || isHeadOfGet else {
            throw .methodNotAllowed(allowed: route.method.rawValue)
        }
        self = route
    }

    /// The last part of the path of one model, which may hold slashes; nil for any other path.
    ///
    /// The names of models need no percent signs, so none are decoded.
    static func modelID(in path: String) -> Substring? {
        let folder = Route.models.rawValue + "/"
        guard path.hasPrefix(folder), path.utf8.count > folder.utf8.count else { return nil }
        return path.dropFirst(folder.count)
    }
}
