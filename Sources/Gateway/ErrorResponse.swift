internal import HTTPTypes
internal import ModelExecutor
internal import Policy
internal import Store
internal import Telemetry

/// What a client is told about an error: the one place where HTTP statuses are decided.
///
/// The codes are stable, and the same that the metrics count by. The text speaks of the request's own parameters and never of
/// an inner message, a path or a prompt; the request id ties it to the log line that does.
struct ErrorResponse: Sendable, Hashable {
    /// OpenAI's families of errors.
    enum Kind: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request_error"
        case rateLimit = "rate_limit_error"
        case server = "server_error"
    }

    var status: HTTPResponse.Status
    var kind: Kind
    var code: RefusalCode
    var message: String
    var parameter: String?
    var retryAfterSeconds: Int?
    var allowedMethod: String?
    /// The version of the document that a request should have named.
    var presentVersion: PolicyVersion?
    /// What is wrong with a document that was sent.
    var problems: [PolicyProblem] = []

    init(_ error: GatewayError) {
        switch error {
        case .malformedJSON: self.init(.badRequest, .invalidRequest, .invalidJSON, "\(error)")
        case .bodyTooLarge: self.init(.contentTooLarge, .invalidRequest, .requestTooLarge, "\(error)")
        case .bodyTooSlow:
            let message = "the body took too long to arrive; send it faster"
            self.init(.requestTimeout, .invalidRequest, .requestTimeout, message)
        case .wrongType(let name, _): self.init(invalid: .invalidType, error, name)
        case .missingParameter(let name): self.init(invalid: .missingParameter, error, name)
        case .invalidParameter(let name, _): self.init(invalid: .invalidValue, error, name)
        case .unsupportedParameter(let name): self.init(invalid: .unsupportedParameter, error, name)
        case .unknownParameter(let name): self.init(invalid: .unknownParameter, error, name)
        case .noSuchRoute: self.init(.notFound, .invalidRequest, .unknownURL, "\(error)")
        case .methodNotAllowed(let method):
            self.init(.methodNotAllowed, .invalidRequest, .methodNotAllowed, "\(error)")
            allowedMethod = method
        case .modelNotFound:
            self.init(.notFound, .invalidRequest, .modelNotFound, "\(error)")
            parameter = "model"
        case .noPolicy: self.init(.notFound, .invalidRequest, .noPolicy, "no policy covers this request")
        case .subjectRequired:
            self.init(.badRequest, .invalidRequest, .subjectRequired, "this request must name its subject")
        case .overloaded(_, _, let seconds):
            self.init(
                .serviceUnavailable,
                .server,
                .overloaded,
                "too many requests are in progress; try again"
            )
            retryAfterSeconds = seconds
        case .draining, .notReady:
            self.init(.serviceUnavailable, .server, .unavailable, "\(error)")
            retryAfterSeconds = 1
        case .executor(let inner): self.init(inner)
        case .store(let inner): self.init(inner)
        case .outcome(let receipt): self.init(receipt)
        case .keyMissing, .keyUnknown, .certificateUnknown:
            self.init(.unauthorized, .invalidRequest, .invalidAPIKey, "\(error)")
        case .operatorNeeded: self.init(.forbidden, .invalidRequest, .insufficientRole, "\(error)")
        case .noSuchPolicy: self.init(.notFound, .invalidRequest, .policyNotFound, "\(error)")
        case .noSuchRollout: self.init(.notFound, .invalidRequest, .rolloutNotFound, "\(error)")
        case .noSuchVersion: self.init(.notFound, .invalidRequest, .versionNotFound, "\(error)")
        case .edit(let refusal): self.init(refusal)
        case .commandRefused(let words): self.init(.conflict, .invalidRequest, .rolloutRefused, words)
        case .recordUnreadable:
            self.init(
                .serviceUnavailable,
                .server,
                .recordUnavailable,
                "the record can't be read now; try again"
            )
            retryAfterSeconds = 1
        case .keysUnusable:
            let message = "the key file can't be used, so nobody is let in; see the gateway's log"
            self.init(.serviceUnavailable, .server, .keysUnusable, message)
        case .backend, .certificateNeeded, .certificateWithoutKey, .certificateUnusable, .certificateExpired,
            .cannotWrite, .cannotListen, .keyNameRefused, .keyNameTaken, .tooManyKeys, .noSuchKey,
            .tagRefused, .tooManyTags, .tagsNeedClient, .certificateIsForAdmin, .authorityUnusable:
            self = .internalError
        }
    }

    init(_ error: ExecutorError) {
        switch error {
        case .promptTooLong(let tokens, let limit):
            let message =
                "the messages hold at least \(tokens) tokens and this model takes \(limit); shorten them"
            self.init(.badRequest, .invalidRequest, .contextLengthExceeded, message)
            parameter = "messages"
        case .invalidRequest:
            self.init(.badRequest, .invalidRequest, .invalidRequest, "the model can't serve this request")
        case .waitedTooLong:
            self.init(.tooManyRequests, .rateLimit, .queueFull, "no place became free in time; try again")
            retryAfterSeconds = 1
        case .queueFull:
            self.init(.tooManyRequests, .rateLimit, .queueFull, "the model's queue is full; try again")
            retryAfterSeconds = 1
        case .deadlineExceeded:
            let message = "the deadline passed before the answer was complete"
            self.init(.gatewayTimeout, .server, .deadlineExceeded, message)
        case .cancelled, .displaced:
            self.init(.serviceUnavailable, .server, .cancelled, "the request was cancelled")
        case .needsHead, .needsSteps, .needsCalibration:
            let message = "this model can't serve the mode that the policy chose"
            self.init(.serviceUnavailable, .server, .modeUnavailable, message)
        case .modelFailed, .unusableHead: self = .internalError
        }
    }

    init(_ error: StoreError) {
        switch error {
        case .full, .busy, .queueFull, .readOnly, .stopped, .failed, .cannotOpen, .notADatabase, .newerSchema,
            .alreadyOpen, .inconsistent, .foreignDatabase, .moved, .noRecord:
            let message = "the request can't be recorded now, so it is not served; try again"
            self.init(.serviceUnavailable, .server, .recordUnavailable, message)
            retryAfterSeconds = 1
        case .duplicateRequest, .unknownRequest, .alreadyClosed, .unregisteredArm, .notInControl,
            .rolloutMoved, .shadowRefused, .noOpenShadow:
            self = .internalError
        }
    }

    init(_ refusal: PolicyEditRefusal) {
        switch refusal {
        case .unconditional(let present):
            self.init(.preconditionRequired, .invalidRequest, .preconditionRequired, "\(refusal)")
            presentVersion = present
        case .conditionFailed(let present):
            self.init(.preconditionFailed, .invalidRequest, .preconditionFailed, "\(refusal)")
            presentVersion = present
        case .noSuchPolicy: self.init(.notFound, .invalidRequest, .policyNotFound, "\(refusal)")
        case .invalid(let problems):
            self.init(.unprocessableContent, .invalidRequest, .policyInvalid, "\(refusal)")
            self.problems = problems.problems
        case .unsettled:
            self.init(.conflict, .invalidRequest, .conflict, "\(refusal)")
            retryAfterSeconds = 1
        case .unwritable: self.init(.conflict, .invalidRequest, .folderUnwritable, "\(refusal)")
        case .unrecorded:
            let message = "the change can't be recorded now, so it was not made; try again"
            self.init(.serviceUnavailable, .server, .recordUnavailable, message)
            retryAfterSeconds = 1
        }
    }

    init(_ receipt: OutcomeReceipt) {
        switch receipt {
        case .accepted, .duplicate: preconditionFailure("\(receipt) is no error")
        case .conflict:
            let message = "this idempotency_key was sent before with another metric or value"
            self.init(.conflict, .invalidRequest, .conflict, message)
            parameter = "idempotency_key"
        case .unknownRequest:
            self.init(.notFound, .invalidRequest, .unknownRequest, "no such request is recorded here")
            parameter = "request_id"
        case .unknownMetric:
            let message = "the policy of this request counts no such metric"
            self.init(.badRequest, .invalidRequest, .unknownMetric, message)
            parameter = "metric"
        case .invalidValue:
            let message = "the metric doesn't take this value: a binary one takes true, false, 1 or 0"
            self.init(.badRequest, .invalidRequest, .invalidValue, message)
            parameter = "value"
        case .tooMany:
            let message = "this request has all the outcomes that one request may have"
            self.init(.conflict, .invalidRequest, .tooManyOutcomes, message)
        }
    }

    private static let internalError = ErrorResponse(
        .internalServerError,
        .server,
        .internalError,
        "something went wrong here; quote the request id"
    )

    private init(invalid code: RefusalCode, _ error: GatewayError, _ parameter: String?) {
        self.init(.badRequest, .invalidRequest, code, "\(error)")
        self.parameter = parameter
    }

    private init(_ status: HTTPResponse.Status, _ kind: Kind, _ code: RefusalCode, _ message: String) {
        self.status = status
        self.kind = kind
        self.code = code
        self.message = Self.shortened(message)
    }

    /// A client's own key may stand in a message; this much of it is enough to find it by.
    private static let longestMessage = 300

    private static func shortened(_ message: String) -> String {
        message.count <= longestMessage ? message : message.prefix(longestMessage) + "…"
    }
}

extension ErrorResponse {
    /// `{"error": {"message", "type", "param", "code"}}`, and `problems` beside it where there are any.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.key("error")
            writer.object { writer in
                writer.member("message", message)
                writer.member("type", kind.rawValue)
                writer.member("param", parameter.map(Self.shortened))
                writer.member("code", code.rawValue)
            }
            if !problems.isEmpty { writer.problems("problems", problems) }
        }
        return writer.bytes
    }
}
