internal import HTTPTypes
internal import Telemetry

/// Every path that the gateway answers.
enum Route: String, Sendable, CaseIterable {
    case chatCompletions = "/v1/chat/completions"
    case models = "/v1/models"
    case outcomes = "/v1/outcomes"
    case health = "/healthz"
    case ready = "/readyz"
    case metrics = "/metrics"

    var method: HTTPRequest.Method {
        switch self {
        case .chatCompletions, .outcomes: .post
        case .models, .health, .ready, .metrics: .get
        }
    }

    var label: RouteLabel {
        switch self {
        case .chatCompletions: .chatCompletions
        case .models: .models
        case .outcomes: .outcomes
        case .health: .health
        case .ready: .ready
        case .metrics: .metrics
        }
    }

    /// Whether it is for clients alone, where a key is required; the others are for whoever watches the gateway.
    var isForClients: Bool {
        switch self {
        case .chatCompletions, .models, .outcomes: true
        case .health, .ready, .metrics: false
        }
    }

    init(path: String, method: HTTPRequest.Method) throws(GatewayError) {
        guard let route = Route(rawValue: path) else { throw .noSuchRoute }
        let isHeadOfGet = method == .head && route.method == .get
        guard route.method == method || isHeadOfGet else {
            throw .methodNotAllowed(allowed: route.method.rawValue)
        }
        self = route
    }
}
