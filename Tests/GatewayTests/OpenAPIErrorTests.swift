import HTTPTypes
import ModelExecutor
import Policy
import Store
import Telemetry
import Testing

@testable import Gateway

/// Which errors the OpenAPI documents name, with which status.
struct OpenAPIErrorTests {
    private let planes: [JSONValue]

    init() throws {
        planes = try [OpenAPIDocument.dataPlane, .adminPlane].map {
            try JSONParser.value(of: $0.bytes, depthLimit: 64)
        }
    }

    /// At least one of each code that a client can be told.
    private static let errors: [GatewayError] = [
        .malformedJSON(JSONFault(reason: .empty, offset: 0)), .bodyTooLarge(limit: 1),
        .bodyTooSlow(limit: .seconds(1)), .wrongType("a", expected: "a string"), .missingParameter("a"),
        .invalidParameter("a", rule: "is odd"), .unsupportedParameter("a"), .unknownParameter("a"),
        .noSuchRoute, .methodNotAllowed(allowed: "GET"), .modelNotFound, .noPolicy, .subjectRequired,
        .overloaded(.requests, limit: 1, retryAfterSeconds: 1), .draining, .notReady,
        .executor(.promptTooLong(tokens: 2, limit: 1)), .executor(.invalidRequest("")),
        .executor(.queueFull(limit: 1)), .executor(.deadlineExceeded(.zero)), .executor(.cancelled(.zero)),
        .executor(.needsCalibration), .store(.full), .backend(""), .outcome(.conflict),
        .outcome(.unknownRequest), .outcome(.unknownMetric), .outcome(.invalidValue), .outcome(.tooMany),
        .keyMissing, .operatorNeeded, .noSuchPolicy, .noSuchRollout, .commandRefused(""),
        .edit(.unconditional(present: nil)), .edit(.conditionFailed(present: nil)), .edit(.unsettled([])),
        .edit(.invalid(PolicyProblems([PolicyProblem(file: "", message: "", fix: "")]))),
        .edit(.unwritable(file: "", reason: "")), .noSuchVersion,
        .recordUnreadable(.full), .keysUnusable(path: "", reason: ""),
    ]

    private static let told = Set(errors.map { Told(ErrorResponse($0)) })

    private struct Told: Hashable, CustomStringConvertible {
        let status: String
        let code: String

        init(_ response: ErrorResponse) {
            status = "\(response.status.code)"
            code = response.code.rawValue
        }

        init(status: String, code: String) {
            self.status = status
            self.code = code
        }

        var description: String { "\(status) \(code)" }
    }

    @Test func `every code that a client can be told is described`() {
        let all = Set(RefusalCode.allCases.filter { $0 != .other }.map(\.rawValue))
        #expect(Set(Self.told.map(\.code)) == all, "an error of each code belongs in the list above")
        let described = planes.reduce(into: Set<String>()) {
            $0.formUnion($1.schema("ErrorCode")?.words ?? [])
        }
        #expect(described == all)
    }

    @Test func `each code is described with the status that it comes with`() {
        // These two come where there is no operation, so the introduction tells of them.
        let elsewhere = Set(
            [GatewayError.noSuchRoute, .methodNotAllowed(allowed: "GET")].map { Told(ErrorResponse($0)) }
        )
        let described = planes.reduce(into: Set<Told>()) { $0.formUnion(Self.described(in: $1)) }
        #expect(described.union(elsewhere) == Self.told)
    }

    @Test func `no operation tells of a code that its document doesn't list`() {
        for plane in planes {
            let codes = Set(Self.described(in: plane).map(\.code)).union([
                "method_not_allowed", "unknown_url",
            ])
            #expect(codes == plane.schema("ErrorCode")?.words)
        }
    }

    /// Every status and code of every operation.
    private static func described(in plane: JSONValue) -> Set<Told> {
        var found: Set<Told> = []
        for path in plane["paths"]?.keys ?? [] {
            for method in ["get", "put", "post", "delete"] {
                let responses = plane["paths"]?[path]?[method]?["responses"]
                for status in responses?.keys ?? [] where !status.hasPrefix("2") {
                    let schema = plane.resolved(responses?[status])?["content"]?["application/json"]?[
                        "schema"
                    ]
                    let error = schema?["allOf"]?[1]?["properties"]?["error"]
                    for code in error?["properties"]?["code"]?.words ?? [] {
                        found.insert(Told(status: status, code: code))
                    }
                }
            }
        }
        return found
    }
}
