import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Testing

@testable import CLI

/// Clients' keys as an operator hands them out and takes them back, on a gateway that goes on serving.
@Suite(.timeLimit(.minutes(5))) struct ClientKeyTests {
    @Test func `a client is let in by its key until it is removed, and the audit says so`() async throws {
        try await BuiltProgram.serving(options: ["--require-key"]) { gateway in
            let client = try GatewayClient.make(
                url: gateway.url,
                certificate: gateway.files.certificate,
                timeout: .seconds(60)
            )
            #expect(try await models(client, "sk-anything") == 401)
            let key = try await add(gateway, "shop", "client", "--tag", "gold")
            try await become(200, client, key)
            #expect(try await models(client, "sk-anything") == 401)
            let viewer = try await add(gateway, "eve", "viewer")
            let state = gateway.files.folder
            #expect(try await BuiltProgram.run("keys", "remove", "shop", "--state", state).status == 0)
            try await become(401, client, key)
            try await client.close()

            var lines: [AuditCommand.Line] = []
            while lines.count < 3 {
                let audit = try await BuiltProgram.run(
                    "audit",
                    "--contains",
                    "keys key",
                    "--json",
                    "--admin",
                    try #require(gateway.adminURL),
                    "--cacert",
                    gateway.files.certificate,
                    "--key",
                    viewer
                )
                try #require(audit.status == 0, "\(audit.errors)")
                lines = try JSONDecoder().decode([AuditCommand.Line].self, from: Data(audit.output.utf8))
            }
            let changes = lines.reversed().map { "\($0.before) → \($0.after)" }
            #expect(changes[0].hasPrefix("none → shop client gold of "), "\(changes)")
            #expect(changes.contains { $0.hasPrefix("none → eve viewer of ") }, "\(changes)")
            #expect(changes.contains { $0.hasPrefix("shop client gold of ") && $0.hasSuffix("→ none") })
            #expect(!lines.map(\.after).joined().contains("hg_"))
        }
    }

    /// The status of the model list, asked for with this key.
    private func models(_ client: GatewayClient, _ key: String) async throws -> UInt {
        var request = HTTPClientRequest(url: client.base + "/v1/models")
        request.headers.add(name: "authorization", value: "Bearer \(key)")
        let response = try await client.client.execute(request, timeout: client.timeout)
        _ = try await response.body.collect(upTo: 1 << 20)
        return response.status.code
    }

    /// Asks until the gateway answers so; the suite's time limit ends a wait in vain.
    private func become(_ status: UInt, _ client: GatewayClient, _ key: String) async throws {
        while try await models(client, key) != status {}
    }

    private func add(
        _ gateway: ServedGateway,
        _ name: String,
        _ role: String,
        _ more: String...
    ) async throws -> String {
        let run = try await BuiltProgram.run(
            ["keys", "add", name, "--role", role, "--state", gateway.files.folder] + more
        )
        try #require(run.status == 0, "\(run.errors)")
        return run.output.trimmingCharacters(in: .newlines)
    }
}
