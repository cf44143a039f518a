import AsyncHTTPClient
import Foundation
import NIOCore
import Testing

@testable import CLI

/// Asks a gateway over real TLS and reads its metrics.
struct TestClient {
    struct Served {
        let requestID: String
        let arm: String
        let policy: String
        let answer: String
    }

    private let gateway: GatewayClient
    private let base: String

    init(_ served: ServedGateway) throws {
        base = served.url
        gateway = try GatewayClient.make(
            url: served.url,
            certificate: served.files.certificate,
            timeout: .seconds(60)
        )
    }

    func ask(_ prompt: String = "Use 3, 8, 8, 9 to make 24.", subject: String) async throws -> Served {
        let reply = try await gateway.ask(prompt, model: "default", subject: subject)
        try #require(reply.status == 200, "\(reply.refusal ?? "no message")")
        return Served(
            requestID: try #require(reply.requestID),
            arm: try #require(reply.arm),
            policy: try #require(reply.policy),
            answer: try #require(reply.answer)
        )
    }

    func report(success: Bool, of requestID: String) async throws -> Int {
        try await gateway.report(success: success, of: requestID)
    }

    func metrics() async throws -> String {
        let response = try await gateway.client.execute(
            HTTPClientRequest(url: base + "/metrics"),
            timeout: .seconds(60)
        )
        let bytes = try await response.body.collect(upTo: 4 << 20)
        return String(buffer: bytes)
    }

    /// Scrapes until a series has the value; bounded by the number of scrapes, each a full round trip.
    func waitForMetric(_ name: String, _ labels: [String: String], toBe value: Double) async throws {
        for _ in 0..<20_000 {
            for line in try await metrics().split(separator: "\n") where line.hasPrefix(name) {
                let matches = labels.allSatisfy { line.contains("\($0.key)=\"\($0.value)\"") }
                if matches, let last = line.split(separator: " ").last, Double(last) == value { return }
            }
        }
        Issue.record("\(name) \(labels) never became \(value)")
    }

    func close() async throws {
        try await gateway.close()
    }
}
