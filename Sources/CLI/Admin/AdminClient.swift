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

    /// What the plane answered, whatever it is about.
    struct Reply {
        let status: UInt
        let fields: HTTPHeaders
        let bytes: Data

        func decoded<Answer: Decodable>(as type: Answer.Type = Answer.self) throws -> Answer {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Answer.self, from: bytes)
        }
    }

    /// The shape of every refusal.
    private struct Refusal: Decodable {
        struct Detail: Decodable {
            let message: String
        }
        let error: Detail
        let problems: [ProblemRow]?
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
        let reply = try await send(.GET, path, query: query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        return try reply.decoded()
    }

    func post<Answer: Decodable>(_ path: [String]) async throws -> Answer {
        try await send(.POST, path).decoded()
    }

    /// - Parameter absent: whether it is no failure that there is nothing.
    func send(
        _ method: HTTPMethod,
        _ path: [String],
        query: String = "",
        _ fields: HTTPHeaders = [:],
        body: [UInt8] = [],
        allowingAbsence absent: Bool = false
    ) async throws -> Reply {
        let escaped = path.map { "/" + Self.escaped($0) }.joined()
        var request = HTTPClientRequest(url: "\(gateway.base)/v1\(escaped)\(query)")
        request.method = method
        request.headers = fields
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let reply = try await reply(to: request)
        if (200..<300).contains(reply.status) || (absent && reply.status == 404) { return reply }
        throw Failure(status: Self.exitStatus(reply.status), words: words(of: reply))
    }

    private func words(of reply: Reply) -> String {
        guard let refusal = try? reply.decoded(as: Refusal.self) else {
            return "\(gateway.base) answers with HTTP \(reply.status); is it an admin plane?"
        }
        return ([refusal.error.message] + (refusal.problems ?? []).map(\.words)).joined(separator: "\n")
    }

    private func reply(to request: HTTPClientRequest) async throws -> Reply {
        do {
            let response = try await gateway.client.execute(request, timeout: gateway.timeout)
            let bytes = try await response.body.collect(upTo: Self.maximumReplyBytes)
            return Reply(
                status: response.status.code,
                fields: response.headers,
                bytes: Data(bytes.readableBytesView)
            )
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
        case 400, 404, 409, 412, 413, 422, 428: ExitStatus.refused
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
