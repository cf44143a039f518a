import AsyncHTTPClient
import Foundation
import Gateway
import NIOCore
import NIOHTTP1
import Policy
import Store

/// Commands the rollouts of a gateway that a benchmark runs, over its admin plane, with a key of its own.
struct RolloutOperator: Sendable {
    /// Where a rollout stands, as far as a benchmark asks.
    struct Standing: Decodable, Sendable, Hashable {
        let phase: String
        let share: String
        let version: String
    }

    let url: String
    let key: String
    let client: HTTPClient

    private static let timeout = TimeAmount.seconds(30)

    /// Adds the key to the gateway's folder, so that every gateway started there knows it.
    static func key(in files: ServedGateway.Files) throws -> String {
        var random = SystemRandomNumberGenerator()
        return try KeyFile(stateFolder: files.folder).add("bench", .operator, now: .now, using: &random)
    }

    /// Runs the body with a connection that is closed afterwards.
    static func using<Value: Sendable>(
        _ key: String,
        at gateway: ServedGateway,
        _ body: (RolloutOperator) async throws -> Value
    ) async throws -> Value {
        guard let url = gateway.adminURL else { throw UsageError("the gateway has no admin plane") }
        let connection = try GatewayClient.make(
            url: url,
            certificate: gateway.files.certificate,
            timeout: timeout,
            isPatient: false
        )
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(RolloutOperator(url: url, key: key, client: connection.client)))
        } catch {
            result = .failure(error)
        }
        try await connection.close()
        return try result.get()
    }

    func command(_ command: OperatorCommand, _ policy: String) async throws -> Standing {
        try await send(.POST, "/v1/rollouts/\(policy)/\(command.rawValue)")
    }

    func standing(of policy: String) async throws -> Standing {
        try await send(.GET, "/v1/rollouts/\(policy)")
    }

    private func send(_ method: HTTPMethod, _ path: String) async throws -> Standing {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers.add(name: "authorization", value: "Bearer \(key)")
        let response = try await client.execute(request, timeout: Self.timeout)
        let bytes = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
        guard response.status == .ok else {
            throw UsageError("the admin plane refuses \(path): \(String(decoding: bytes, as: UTF8.self))")
        }
        return try JSONDecoder().decode(Standing.self, from: bytes)
    }
}
