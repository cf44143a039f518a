import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1
import NIOSSL
import Store
import TestSupport
import Testing

@testable import Gateway

/// Clients of the admin plane that are known by certificates.
@Suite(.timeLimit(.minutes(5)))
struct ClientCertificateTests {
    @Test(arguments: [HTTPClient.Configuration.HTTPVersion.automatic, .http1Only])
    func `a certificate stands for the key of its name`(
        version: HTTPClient.Configuration.HTTPVersion
    ) async throws {
        let authority = try TestAuthority()
        let bot = try authority.issue("bot")
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            #expect(try await admin.send("/v1/rollouts", as: bot, version).status == 200)
            let reply = try await admin.send("/v1/rollouts/effort/start", .POST, as: bot, version)
            #expect(reply.status == 200)
            #expect(admin.rollouts.calls.map(\.actor) == ["bot"])
        }
    }

    @Test func `a viewer's certificate reads and commands nothing`() async throws {
        let authority = try TestAuthority()
        let eve = try authority.issue("eve")
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("eve", .viewer, now: .now)
            #expect(try await admin.send("/v1/rollouts", as: eve).status == 200)
            let reply = try await admin.send("/v1/rollouts/effort/start", .POST, as: eve)
            #expect(reply.status == 403)
            #expect(admin.rollouts.calls.isEmpty)
        }
    }

    @Test func `a name that is not listed, that has words or that was removed is 401`() async throws {
        let authority = try TestAuthority()
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("gone", .operator, now: .now)
            try admin.keys.remove("gone")
            for name in ["nobody", "operator", "gone", "", "OPERATOR"] {
                let reply = try await admin.send("/v1/rollouts", as: try authority.issue(name))
                #expect(reply.status == 401, "\(name)")
                #expect(try reply.errorCode == "invalid_api_key")
            }
        }
    }

    @Test func `a certificate of two names is nobody's`() async throws {
        let authority = try TestAuthority()
        let both = try authority.issue("bot", "eve")
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            try admin.keys.addCertificate("eve", .operator, now: .now)
            #expect(try await admin.send("/v1/rollouts", as: both).status == 401)
        }
    }

    @Test func `another authority's certificate ends the handshake`() async throws {
        let bot = try TestAuthority().issue("bot")
        try await LiveAdmin.run(clientAuthority: try TestAuthority().certificate) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            await #expect(throws: (any Error).self) { try await admin.send("/v1/rollouts", as: bot) }
        }
    }

    @Test func `an expired certificate ends the handshake`() async throws {
        let authority = try TestAuthority()
        let bot = try authority.issue("bot", expires: -3_600)
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            await #expect(throws: (any Error).self) { try await admin.send("/v1/rollouts", as: bot) }
        }
    }

    @Test func `a certificate that expires on an open connection is 401 from then on`() async throws {
        let authority = try TestAuthority()
        let bot = try authority.issue("bot", expires: 3_600)
        let later = Timestamp(millisecondsSinceEpoch: Timestamp.now.millisecondsSinceEpoch + 7_200_000)
        try await LiveAdmin.run(clientAuthority: authority.certificate, now: { later }) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            #expect(try await admin.send("/v1/rollouts", as: bot).status == 401)
        }
    }

    @Test func `who shows no certificate needs a key, and one that is sent decides`() async throws {
        let authority = try TestAuthority()
        let bot = try authority.issue("bot")
        try await LiveAdmin.run(clientAuthority: authority.certificate) { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            #expect(try await admin.send("/v1/rollouts", authorization: nil).status == 401)
            #expect(try await admin.get("/v1/rollouts").status == 200)
            let path = "/v1/rollouts/effort/start"
            let viewer = "Bearer \(admin.viewer)"
            #expect(try await admin.send(path, .POST, as: bot, authorization: viewer).status == 403)
            #expect(try await admin.send(path, .POST, as: bot, authorization: "Bearer x").status == 401)
        }
    }

    @Test func `without an authority a certificate stands for nothing`() async throws {
        let bot = try TestAuthority().issue("bot")
        try await LiveAdmin.run { admin in
            try admin.keys.addCertificate("bot", .operator, now: .now)
            #expect(try await admin.send("/v1/rollouts", as: bot).status == 401)
        }
    }

    @Test func `what is no authority's certificate is refused at the start`() throws {
        let folder = try TemporaryFolder()
        let tls = try TLSSetup(
            host: "localhost",
            certificate: nil,
            key: nil,
            stateFolder: folder.path,
            now: Date()
        )
        try folder.write("hello", to: "no.pem")
        for path in [folder.path + "/no.pem", folder.path + "/missing.pem"] {
            #expect(throws: GatewayError.authorityUnusable(path: path)) { try tls.knowingClients(of: path) }
        }
    }
}

extension LiveAdmin {
    /// Sends a request on a connection of its own, over which the client presents the certificate.
    fileprivate func send(
        _ path: String,
        _ method: HTTPMethod = .GET,
        as issued: TestAuthority.Issued,
        _ version: HTTPClient.Configuration.HTTPVersion = .automatic,
        authorization: String? = nil
    ) async throws -> Reply {
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .file(try #require(tls.certificateAuthorityFile))
        trust.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(issued.certificate.utf8))
            .map { .certificate($0) }
        trust.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(issued.key.utf8), format: .pem))
        var configuration = HTTPClient.Configuration(tlsConfiguration: trust)
        configuration.httpVersion = version
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        request.method = method
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        let result: Result<Reply, any Error>
        do {
            result = .success(try await client.reply(to: request))
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        return try result.get()
    }
}
