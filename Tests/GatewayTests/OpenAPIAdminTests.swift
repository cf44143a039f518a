import HTTPTypes
import Policy
import Testing

@testable import Gateway

/// The admin plane's OpenAPI document against its routes.
struct OpenAPIAdminTests {
    /// Every path of the admin plane. A new route doesn't compile below until it has its path here.
    private enum Path: String, CaseIterable {
        case rollouts = "/v1/rollouts"
        case rollout = "/v1/rollouts/{policy}"
        case command = "/v1/rollouts/{policy}/{command}"
        case policies = "/v1/policies"
        case policy = "/v1/policies/{policy}"
        case validation = "/v1/validate"
        case versions = "/v1/policies/{policy}/versions"
        case version = "/v1/policies/{policy}/versions/{version}"
        case revert = "/v1/policies/{policy}/revert"
        case audit = "/v1/audit"
        case openAPI = "/openapi.json"

        init(_ route: AdminRoute) {
            switch route {
            case .rollouts: self = .rollouts
            case .rollout: self = .rollout
            case .command: self = .command
            case .policies: self = .policies
            case .policy, .replacement, .removal: self = .policy
            case .validation: self = .validation
            case .versions: self = .versions
            case .version: self = .version
            case .revert: self = .revert
            case .audit: self = .audit
            case .openAPI: self = .openAPI
            }
        }

        var example: String {
            rawValue.replacing("{policy}", with: "effort").replacing("{command}", with: "start")
                .replacing("{version}", with: "0123456789ab")
        }
    }

    private let document: JSONValue

    init() throws {
        document = try JSONParser.value(of: OpenAPIDocument.adminPlane.bytes, depthLimit: 64)
    }

    @Test func `every path is described, and no other`() {
        #expect(document["paths"]?.keys == Set(Path.allCases.map(\.rawValue)))
    }

    @Test func `each path takes the methods that are described, and no others`() {
        var taken: Set<String> = []
        for path in Path.allCases {
            for method in [HTTPRequest.Method.get, .put, .post, .delete, .patch, .options, .trace] {
                guard let route = try? AdminRoute(path: path.example, method: method) else { continue }
                // A policy may be named so, and is read, put and removed under its name as any other.
                if path == .validation, Path(route) == .policy { continue }
                #expect(Path(route) == path, "\(path.example)")
                taken.insert("\(method.rawValue) \(path.rawValue)")
            }
        }
        #expect(taken == document.operations)
    }

    @Test func `the commands are those of a rollout`() {
        let parameters = document["paths"]?[Path.command.rawValue]?["parameters"]?.elements ?? []
        let command = parameters.first { $0["name"]?.string == "command" }
        #expect(command?["schema"]?.words == Set(OperatorCommand.allCases.map(\.rawValue)))
    }
}
