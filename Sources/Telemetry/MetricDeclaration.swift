/// One metric as the outside sees it: everything that may ever appear under its name.
public struct MetricDeclaration: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case counter
        case gauge
        /// Upper bounds of the buckets, ascending, without the last one, which has none.
        case histogram([Double])
    }

    public let name: String
    public let help: String
    public let kind: Kind
    public let labels: [LabelDeclaration]
    /// What one unit of the integer inside a counter is worth outside.
    let scale: Double

    init(
        _ name: String,
        _ help: String,
        _ kind: Kind,
        labels: [LabelDeclaration] = [],
        scale: Double = 1
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.scale = scale
    }
}

/// A label and what it may say. Nothing that a client sends ever becomes a label value.
public struct LabelDeclaration: Sendable, Hashable {
    public enum Values: Sendable, Hashable {
        /// Known when the program is built.
        case closed([String])
        /// Named by the loaded policies or fixed at start; bounded by `Registry.seriesLimit`.
        case admitted
    }

    public let name: String
    public let values: Values

    static let policy = LabelDeclaration(name: "policy", values: .admitted)
    static let arm = LabelDeclaration(name: "arm", values: .admitted)
    static let metric = LabelDeclaration(name: "metric", values: .admitted)
    static let version = LabelDeclaration(name: "version", values: .admitted)

    static func closed<Value: MetricLabel>(_ name: String, _ type: Value.Type) -> LabelDeclaration {
        LabelDeclaration(name: name, values: .closed(type.allCases.map(\.rawValue)))
    }
}

/// A closed list of label values.
public protocol MetricLabel: CaseIterable, Hashable, Sendable, RawRepresentable<String> {}

/// How a request ended.
public enum RequestState: String, MetricLabel {
    case completed
    case clientGone = "client_gone"
    case deadline
    case rejected
    case failed
}

/// What ended a request's thinking early.
public enum StopReason: String, MetricLabel { case confidence, agreement, budget, deadline }

/// How a shadow ended, in the words of `RequestState`.
public enum ShadowState: String, MetricLabel {
    case completed
    case deadline
    case rejected
    case failed
    /// It was never begun.
    case dropped
}

public enum TokenKind: String, MetricLabel {
    case prompt
    /// Prompt tokens that were taken from the cache of earlier prompts; counted as `prompt` too.
    case cached
    /// Thinking and answers of all candidates.
    case candidate
    /// The answer that was returned.
    case answer
}

/// An outcome's value, in classes: exact values of ratings would be unbounded.
public enum OutcomeClass: String, MetricLabel {
    case zero, one, other

    public init(_ value: Double) {
        self = value == 0 ? .zero : value == 1 ? .one : .other
    }
}

/// What became of an outcome that a client told.
public enum OutcomeResult: String, MetricLabel {
    case accepted
    case duplicate
    case conflict
    case unknownRequest = "unknown_request"
    case unknownMetric = "unknown_metric"
    case invalidValue = "invalid_value"
    case tooMany = "too_many"
}

public enum ReloadResult: String, MetricLabel { case ok, failed }

/// The gateway's paths, as patterns.
public enum RouteLabel: String, MetricLabel {
    case chatCompletions = "/v1/chat/completions"
    case models = "/v1/models"
    case model = "/v1/models/{id}"
    case outcomes = "/v1/outcomes"
    case health = "/healthz"
    case ready = "/readyz"
    case metrics = "/metrics"
    case openAPI = "/openapi.json"
    /// Every path of the admin plane; its listener is another one.
    case admin
    /// Every path that is none of ours.
    case other
}

public enum StatusClass: String, MetricLabel {
    case informational = "1xx"
    case success = "2xx"
    case redirection = "3xx"
    case clientError = "4xx"
    case serverError = "5xx"

    /// The class of an HTTP status; anything outside 100...499 counts as the server's error.
    public init(status: Int) {
        switch status {
        case 100..<200: self = .informational
        case 200..<300: self = .success
        case 300..<400: self = .redirection
        case 400..<500: self = .clientError
        default: self = .serverError
        }
    }
}

/// Why a request was refused: the error codes that clients see.
public enum RefusalCode: String, MetricLabel {
    case cancelled
    case conflict
    case contextLengthExceeded = "context_length_exceeded"
    case deadlineExceeded = "deadline_exceeded"
    case folderUnwritable = "folder_unwritable"
    case insufficientRole = "insufficient_role"
    case internalError = "internal_error"
    case invalidAPIKey = "invalid_api_key"
    case invalidJSON = "invalid_json"
    case invalidRequest = "invalid_request"
    case invalidType = "invalid_type"
    case invalidValue = "invalid_value"
    case keysUnusable = "keys_unusable"
    case methodNotAllowed = "method_not_allowed"
    case missingParameter = "missing_required_parameter"
    case modeUnavailable = "mode_unavailable"
    case modelNotFound = "model_not_found"
    case noPolicy = "no_policy"
    case overloaded
    case policyInvalid = "policy_invalid"
    case policyNotFound = "policy_not_found"
    case preconditionFailed = "precondition_failed"
    case preconditionRequired = "precondition_required"
    case queueFull = "queue_full"
    case recordUnavailable = "record_unavailable"
    case requestTimeout = "request_timeout"
    case requestTooLarge = "request_too_large"
    case rolloutNotFound = "rollout_not_found"
    case rolloutRefused = "rollout_refused"
    case subjectRequired = "subject_required"
    case tooManyOutcomes = "too_many_outcomes"
    case unavailable
    case unknownMetric = "unknown_metric"
    case unknownParameter = "unknown_parameter"
    case unknownRequest = "unknown_request"
    case unknownURL = "unknown_url"
    case unsupportedParameter = "unsupported_parameter"
    case versionNotFound = "version_not_found"
    /// A code that this list lacks.
    case other

    public init(code: String) {
        self = RefusalCode(rawValue: code) ?? .other
    }
}
