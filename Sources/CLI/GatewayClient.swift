import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// Talks to a gateway the way an application would: HTTPS, JSON, a subject header.
///
/// Made for `traffic`; it trusts the given certificate file and nothing else, so that a wrong certificate
/// is noticed rather than waved through.
struct GatewayClient: Sendable {
    /// What one question came to.
    struct Reply: Sendable {
        let status: Int
        let requestID: String?
        let arm: String?
        /// Policy and version, as the header names them.
        let policy: String?
        let answer: String?
        /// The server's message when it refused.
        let refusal: String?
        let elapsed: Duration
    }

    /// A candidate's thinking is bounded by max_tokens, so a reply beyond this size is not one.
    static let maximumReplyBytes = 8 << 20

    let base: String
    let client: HTTPClient
    let timeout: TimeAmount
    /// A client's key to send along.
    var key: String?

    /// Fails with a message that says what to type when the certificate can't be read.
    ///
    /// - Parameters:
    ///   - identity: what to show to a gateway that knows clients by certificates.
    ///   - isPatient: whether a connection that fails is tried again for as long as it may take.
    static func make(
        url: String,
        certificate: String?,
        identity: ClientIdentity? = nil,
        key: String? = nil,
        timeout: TimeAmount,
        isPatient: Bool = true
    ) throws(UsageError) -> GatewayClient {
        guard url.hasPrefix("https://") else {
            throw UsageError("'\(url)' is not an https:// address; a gateway speaks nothing else")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        if let certificate {
            guard FileManager.default.isReadableFile(atPath: certificate) else {
                throw UsageError("no certificate at '\(certificate)'; `headgate serve` prints its path")
            }
            tls.trustRoots = .file(certificate)
        }
        if let identity {
            tls.certificateChain = identity.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(identity.key)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.connectionPool.retryConnectionEstablishment = isPatient
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return GatewayClient(base: base, client: client, timeout: timeout, key: key)
    }

    func ask(_ prompt: String, model: String, subject: String) async throws -> Reply {
        struct Body: Encodable {
            struct Message: Encodable {
                let role = "user"
                let content: String
            }
            let model: String
            let messages: [Message]
        }
        let body = Body(model: model, messages: [.init(content: prompt)])
        let started = ContinuousClock.now
        let (response, bytes) = try await post("/v1/chat/completions", body, subject: subject)
        let elapsed = started.duration(to: .now)
        let decoded = try? JSONDecoder().decode(ChatReply.self, from: bytes)
        return Reply(
            status: Int(response.status.code),
            requestID: response.headers.first(name: "x-headgate-request-id"),
            arm: response.headers.first(name: "x-headgate-arm"),
            policy: response.headers.first(name: "x-headgate-policy"),
            answer: decoded?.choices?.first?.message.content,
            refusal: decoded?.error?.message,
            elapsed: elapsed
        )
    }

    /// Reports whether the answer was right; returns the HTTP status.
    func report(success: Bool, of requestID: String) async throws -> Int {
        struct Outcome: Encodable {
            let requestID: String
            let metric = "success"
            let value: Bool
            let source = "verifier"
            let idempotencyKey: String

            enum CodingKeys: String, CodingKey {
                case requestID = "request_id"
                case metric, value, source
                case idempotencyKey = "idempotency_key"
            }
        }
        let outcome = Outcome(requestID: requestID, value: success, idempotencyKey: "\(requestID)-success")
        let (response, _) = try await post("/v1/outcomes", outcome, subject: nil)
        return Int(response.status.code)
    }

    /// Tells what a person says of a request; returns why the gateway refuses it, nil if it doesn't.
    func label(_ requestID: String, metric: String, value: Double) async throws -> String? {
        struct Outcome: Encodable {
            let requestID: String
            let metric: String
            let value: Double
            let source = "human"

            enum CodingKeys: String, CodingKey {
                case requestID = "request_id"
                case metric, value, source
            }
        }
        let outcome = Outcome(requestID: requestID, metric: metric, value: value)
        let (response, bytes) = try await post("/v1/outcomes", outcome, subject: nil)
        if response.status == .ok { return nil }
        let refusal = try? JSONDecoder().decode(ChatReply.self, from: bytes).error?.message
        return refusal ?? "HTTP \(response.status.code)"
    }

    func close() async throws {
        try await client.shutdown()
    }

    private func post(
        _ path: String,
        _ body: some Encodable,
        subject: String?
    ) async throws -> (HTTPClientResponse, Data) {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
        if let subject { request.headers.add(name: "x-subject-id", value: subject) }
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
        let response = try await client.execute(request, timeout: timeout)
        let bytes = try await response.body.collect(upTo: Self.maximumReplyBytes)
        return (response, Data(bytes.readableBytesView))
    }
}

/// The parts of a chat completion, or of an error, that a client of ours reads.
private struct ChatReply: Decodable {
    struct Choice: Decodable {
        struct Message: Decodable {
            let content: String?
        }
        let message: Message
    }
    struct Refusal: Decodable {
        let message: String
    }
    let choices: [Choice]?
    let error: Refusal?
}
