import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to the admin plane and turns what it says into a result or an exit status.
struct AdminClient {
    /// Why there is no result, and the exit status for it.
    private struct Failure: Error {
        let status: Int32
        let words: String
    }

    /// The shape of every refusal.
    private struct Refusal: Decodable {
        struct Detail: Decodable {
            let message: String
        }
        let error: Detail
    }

    /// A thousand lines of audit fit in, each with the longest reasons that are written.
    private static let maximumReplyBytes = 16 << 20
    private static let timeout = TimeAmount.seconds(30)

    private let gateway: GatewayClient
    /// Nil where a certificate stands in its place.
    private let key: String?

    /// Runs the body with a client; a refusal is noted and becomes the command's exit status.
    static func run(
        _ options: AdminOptions,
        _ body: (AdminClient) async throws -> Void
    ) async throws {
        let gateway = try GatewayClient.make(
            url: options.admin,
            certificate: options.cacert ?? StatePaths.ownCertificate,
            identity: try options.identity(),
            timeout: timeout,
            isPatient: false
        )
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(AdminClient(gateway: gateway, key: try options.givenKey())))
        } catch {
            result = .failure(error)
        }
        try await gateway.close()
        do {
            try result.get()
        } catch let failure as Failure {
            note("error: \(failure.words)")
            throw ExitCode(failure.status)
        }
    }

    func get<Answer: Decodable>(
        _ path: [String],
        _ parameters: [(String, String?)] = []
    ) async throws -> Answer {
        let query = parameters.compactMap { name, value in value.map { "\(name)=\(Self.escaped($0))" } }
        return try await send(.GET, path, query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    func post<Answer: Decodable>(_ path: [String]) async throws -> Answer {
        try await send(.POST, path, "")
    }

    private func send<Answer: Decodable>(
        _ method: HTTPMethod,
        _ path: [String],
        _ query: String
    ) async throws -> Answer {
        let escaped = path.map { "/" + Self.escaped($0) }.joined()
        var request = HTTPClientRequest(url: "\(gateway.base)/v1\(escaped)\(query)")
        request.method = method
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        let (status, bytes) = try await reply(to: request)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        if status == 200 { return try decoder.decode(Answer.self, from: bytes) }
        let words = (try? decoder.decode(Refusal.self, from: bytes))?.error.message
        throw Failure(
            status: Self.exitStatus(status),
            words: words ?? "\(gateway.base) answers with HTTP \(status); is it an admin plane?"
        )
    }

    private func reply(to request: HTTPClientRequest) async throws -> (status: UInt, bytes: Data) {
        do {
            let response = try await gateway.client.execute(request, timeout: gateway.timeout)
            let bytes = try await response.body.collect(upTo: Self.maximumReplyBytes)
            return (response.status.code, Data(bytes.readableBytesView))
        } catch {
            throw Failure(
                status: ExitStatus.unreachable,
                words:
                    "can't reach \(gateway.base): \(error); see that `headgate serve` runs with this --admin "
                    + "address, that --cacert is its certificate and that it takes yours, if you gave one"
            )
        }
    }

    private static func exitStatus(_ status: UInt) -> Int32 {
        switch status {
        case 401, 403: ExitStatus.noPermission
        case 400, 404, 409: ExitStatus.refused
        default: ExitStatus.failure
        }
    }

    /// Escapes all but the characters that mean nothing anywhere in a URL.
    private static func escaped(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "-._~").union(.alphanumerics)
            .intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7F}"))
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }
}
