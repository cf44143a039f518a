import AsyncHTTPClient
import NIOHTTP1
import Policy
import Store
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5)))
struct ClientAccessTests {
    private let folder: TemporaryFolder
    private let file: KeyFile
    private let keyring: Keyring

    init() throws {
        folder = try TemporaryFolder()
        file = KeyFile(stateFolder: folder.path)
        keyring = Keyring(file, logger: LiveGateway.quiet)
    }

    @Test func `a client's key gives its name, its tags and a digest`() throws {
        let secret = try file.add("app", .client, tags: ["gold", "eu"])
        keyring.look()
        for isRequired in [false, true] {
            let access = ClientAccess(keyring, isKeyRequired: isRequired)
            let caller = try access.caller(for: "Bearer \(secret)")
            #expect(caller.key == "app" && caller.tags == ["eu", "gold"])
            #expect(caller.digest == Hex.text(AccessKey.digest(of: secret)))
        }
    }

    @Test(arguments: ["Bearer sk-other", "bearer ADMIN"])
    func `other words are anonymous with a digest, and refused where a key is required`(
        header: String
    ) throws {
        let secret = try file.add("ann", .operator)
        keyring.look()
        let words = header.replacing("ADMIN", with: secret)
        let caller = try ClientAccess(keyring, isKeyRequired: false).caller(for: words)
        #expect(caller.key == nil && caller.tags.isEmpty)
        #expect(caller.digest == Hex.text(AccessKey.digest(of: String(words.dropFirst("Bearer ".count)))))
        #expect(throws: GatewayError.keyUnknown) {
            try ClientAccess(keyring, isKeyRequired: true).caller(for: words)
        }
    }

    @Test(arguments: [nil, "", "Bearer", "Basic aGc6aGc="])
    func `no bearer's key at all is nobody, and refused where one is required`(header: String?) throws {
        keyring.look()
        #expect(try ClientAccess(keyring, isKeyRequired: false).caller(for: header) == .anonymous)
        #expect(throws: GatewayError.keyMissing) {
            try ClientAccess(keyring, isKeyRequired: true).caller(for: header)
        }
    }

    @Test func `a removed key opens nothing from the next look on`() throws {
        let secret = try file.add("app", .client)
        keyring.look()
        let access = ClientAccess(keyring, isKeyRequired: true)
        try file.remove("app")
        #expect(try access.caller(for: "Bearer \(secret)").key == "app")
        keyring.look()
        #expect(throws: GatewayError.keyUnknown) { try access.caller(for: "Bearer \(secret)") }
    }

    @Test func `a damaged file keeps the clients that it had`() throws {
        let secret = try file.add("app", .client)
        let access = ClientAccess(keyring, isKeyRequired: true)
        try folder.write("{", to: "damaged.json")
        keyring.look()
        try folder.write("{", to: "admin-keys.json")
        #expect(throws: GatewayError.self) { try keyring.look().get() }
        #expect(try access.caller(for: "Bearer \(secret)").key == "app")
        try folder.write(#"{"keys":[]}"#, to: "admin-keys.json")
        keyring.look()
        #expect(throws: GatewayError.keyUnknown) { try access.caller(for: "Bearer \(secret)") }
    }

    @Test func `a file that was damaged from the start lets nobody in where a key is required`() throws {
        try folder.write("{", to: "admin-keys.json")
        keyring.look()
        let error = #expect(throws: GatewayError.self) {
            try ClientAccess(keyring, isKeyRequired: true).caller(for: "Bearer hg_x")
        }
        guard case .keysUnusable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try ClientAccess(keyring, isKeyRequired: false).caller(for: "Bearer hg_x").key == nil)
    }

    @Test func `a client's key opens nothing on the admin plane`() async throws {
        try await LiveAdmin.run { admin in
            let client = try admin.keys.add("app", .client)
            let reply = try await admin.send("/v1/rollouts", authorization: "Bearer \(client)")
            #expect(reply.status == 401)
            #expect(try reply.errorCode == "invalid_api_key")
        }
    }

    @Test func `where a key is required, only what watches the gateway answers without one`() async throws {
        let secret = try file.add("app", .client)
        keyring.look()
        let clients = ClientAccess(keyring, isKeyRequired: true)
        try await LiveGateway.run(SteppedBackend.complete(), clients: clients) { gateway in
            for path in ["/healthz", "/readyz", "/metrics"] {
                #expect(try await gateway.get(path).status == 200, "\(path)")
            }
            let outcome = #"{"request_id":"x","metric":"success","value":true}"#
            for reply in [
                try await gateway.get("/v1/models"), try await gateway.chat(),
                try await gateway.post("/v1/outcomes", outcome),
            ] {
                #expect(reply.status == 401)
                #expect(try reply.json["error"]?["type"] == .string("invalid_request_error"))
                #expect(try reply.errorCode == "invalid_api_key")
            }
            var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
            request.headers.add(name: "authorization", value: "Bearer \(secret)")
            #expect(try await gateway.send(request).status == 200)
            #expect(
                try await gateway.get("/metrics").body.contains(
                    #"headgate_refusals_total{code="invalid_api_key"} 3"#
                )
            )
        }
    }

    @Test func `a key is a subject, the same whether it is known or not`() async throws {
        let clients = ClientAccess(keyring, isKeyRequired: false)
        let policy = LiveGateway.policy.replacing(
            #"from: ["header:x-subject-id", "body:user"]"#,
            with: "from: [api_key]"
        )
        try await LiveGateway.run(SteppedBackend.complete(), policy: policy, clients: clients) { gateway in
            func subject(_ words: String) async throws -> SubjectNumber? {
                var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
                request.headers.add(name: "authorization", value: "Bearer \(words)")
                return try gateway.recorded(try await gateway.send(request))?.subject
            }
            let secret = try file.add("app", .client)
            let before = try await subject(secret)
            keyring.look()
            #expect(try keyring.look().get().client(named: "app") != nil)
            let after = try await subject(secret)
            #expect(before == after && before != nil)
            #expect(try await subject("sk-other") != before)
            let named = SubjectID(rawValue: Hex.text(AccessKey.digest(of: secret)))
            #expect(before == SubjectNumber(named.digest))
        }
    }

    @Test func `a policy may ask for a tag and hand an arm to a key`() async throws {
        let gold = try file.add("shop", .client, tags: ["gold"])
        let staff = try file.add("staff", .client, tags: ["gold"])
        let plain = try file.add("plain", .client)
        keyring.look()
        let policy = LiveGateway.policy.replacing("{models: [default]}", with: "{tags: [gold]}")
            .replacing(
                "limits:",
                with: "  qa: {share: 0%, mode: medium}\noverrides: [{keys: [staff], arm: qa}]\nlimits:"
            )
        let clients = ClientAccess(keyring, isKeyRequired: false)
        try await LiveGateway.run(SteppedBackend.complete(), policy: policy, clients: clients) { gateway in
            func ask(_ words: String?) async throws -> Reply {
                var request = gateway.request("/v1/chat/completions", .POST, body: LiveGateway.chatBody())
                if let words { request.headers.add(name: "authorization", value: "Bearer \(words)") }
                return try await gateway.send(request)
            }
            #expect(try await ask(gold).headers.first(name: "x-headgate-arm") == "low")
            let excluded = try await ask(staff)
            #expect(excluded.headers.first(name: "x-headgate-arm") == "qa")
            #expect(try gateway.recorded(excluded)?.excluded == .override)
            for words in [plain, "sk-gold", nil] {
                let reply = try await ask(words)
                #expect(reply.status == 404)
                #expect(try reply.errorCode == "no_policy")
            }
        }
    }
}
