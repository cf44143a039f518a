import HTTPTypes
import ModelExecutor
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

struct ErrorResponseTests {
    @Test(
        arguments: [
            (GatewayError.executor(.queueFull(limit: 9)), 429, "queue_full", 1),
            (.executor(.waitedTooLong(.seconds(5))), 429, "queue_full", 1),
            (.executor(.needsCalibration), 503, "mode_unavailable", nil),
            (.executor(.deadlineExceeded(.zero)), 504, "deadline_exceeded", nil),
            (.executor(.promptTooLong(tokens: 9, limit: 8)), 400, "context_length_exceeded", nil),
            (.executor(.modelFailed("secret /path")), 500, "internal_error", nil),
            (.executor(.needsHead("selection best_score")), 503, "mode_unavailable", nil),
            (.store(.full), 503, "record_unavailable", 1),
            (.store(.failed(code: 10, reason: "secret /path")), 503, "record_unavailable", 1),
            (.backend("secret /path"), 500, "internal_error", nil),
            (.overloaded(.requests, limit: 4, retryAfterSeconds: 3), 503, "overloaded", 3),
            (.bodyTooSlow(limit: .seconds(5)), 408, "request_timeout", nil),
            (.draining, 503, "unavailable", 1),
            (.noPolicy, 404, "no_policy", nil),
            (.modelNotFound, 404, "model_not_found", nil),
            (.noSuchRoute, 404, "unknown_url", nil),
            (.methodNotAllowed(allowed: "POST"), 405, "method_not_allowed", nil),
            (.bodyTooLarge(limit: 5), 413, "request_too_large", nil),
            (.outcome(.conflict), 409, "conflict", nil),
            (.outcome(.unknownRequest), 404, "unknown_request", nil),
            (.outcome(.unknownMetric), 400, "unknown_metric", nil),
            (.outcome(.invalidValue), 400, "invalid_value", nil),
            (.outcome(.tooMany), 409, "too_many_outcomes", nil),
            (.keyMissing, 401, "invalid_api_key", nil),
            (.keyUnknown, 401, "invalid_api_key", nil),
            (.operatorNeeded, 403, "insufficient_role", nil),
            (.noSuchPolicy, 404, "policy_not_found", nil),
            (.noSuchRollout, 404, "rollout_not_found", nil),
            (.commandRefused("why"), 409, "rollout_refused", nil),
            (.noSuchVersion, 404, "version_not_found", nil),
            (.edit(.unconditional(present: nil)), 428, "precondition_required", nil),
            (.edit(.conditionFailed(present: "v")), 412, "precondition_failed", nil),
            (.edit(.noSuchPolicy), 404, "policy_not_found", nil),
            (.edit(.unsettled(["a.yaml"])), 409, "conflict", 1),
            (.edit(.unwritable(file: "a.yaml", reason: "full")), 409, "folder_unwritable", nil),
            (
                .edit(.unrecorded(PolicyProblem(file: "p", message: "secret", fix: "secret"))), 503,
                "record_unavailable", 1
            ),
            (.recordUnreadable(.failed(code: 10, reason: "secret /path")), 503, "record_unavailable", 1),
            (.keysUnusable(path: "secret /path", reason: "secret"), 503, "keys_unusable", nil),
            (.noSuchKey("secret"), 500, "internal_error", nil),
            (.certificateUnusable(path: "secret /path", reason: ""), 500, "internal_error", nil),
        ] as [(GatewayError, Int, String, Int?)]
    )
    func `each error has its status and code, and tells no inner matter`(
        error: GatewayError,
        status: Int,
        code: String,
        retryAfter: Int?
    ) {
        let response = ErrorResponse(error)
        #expect(response.status.code == status)
        #expect(response.code.rawValue == code)
        #expect(response.retryAfterSeconds == retryAfter)
        #expect(!response.message.contains("secret"))
    }

    @Test func `an error is written in the shape that OpenAI's clients read`() {
        let json = String(decoding: ErrorResponse(.unknownParameter("a\"b")).json, as: UTF8.self)
        #expect(
            json == #"{"error":{"message":"a\"b is not a parameter; check its spelling or leave it out","#
                + #""type":"invalid_request_error","param":"a\"b","code":"unknown_parameter"}}"#
        )
    }

    @Test func `a name of any length comes back short`() {
        let response = ErrorResponse(.unknownParameter(String(repeating: "x", count: 100_000)))
        #expect(response.json.count < 1_000)
    }
}
