import AsyncHTTPClient
import FoundationEssentials
import GRDB
import Logging
import ModelExecutor
import NIOCore
import NIOHTTP1
import NIOSSL
import Policy
import ServiceLifecycle
import Store
import Telemetry
import Testing

@testable import Gateway

/// A gateway on a free port with a real certificate and a real record, and a client that trusts it.
struct LiveGateway: Sendable {
    let port: Int
    let tls: TLSSetup
    let store: RecordStore
    let recordPath: String
    let client: HTTPClient
    let core: GatewayCore
    fileprivate let services: ServiceGroup
    private let cutOff: AsyncStream<Never>.Continuation

    static let policy = """
        policy: effort
        priority: 10
        match: {models: [default]}
        subject: {from: ["header:x-subject-id", "body:user"], otherwise: request}
        salt: s
        client_effort: honour
        arms:
          low: {share: 100%, mode: low, control: true}
        limits: {deadline: 30s, max_tokens: 512, on_overload: reject}
        metrics:
          success: {kind: binary, better: higher, window: 24h}
        """

    /// Runs a gateway for as long as the body does, then shuts it down in order.
    @discardableResult
    static func run<Value: Sendable>(
        _ backend: any GenerationBackend,
        policy: String = LiveGateway.policy,
        limits: GatewayLimits = GatewayLimits(),
        outcomeQueueLimit: Int? = nil,
        busyTimeout: Duration? = nil,
        clients: ClientAccess = .open,
        httpVersion: HTTPClient.Configuration.HTTPVersion = .automatic,
        _ body: @Sendable @escaping (LiveGateway) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        let recordPath = folder.path + "/record.db"
        let metrics = HeadgateMetrics(version: "test")
        var record = StoreConfiguration(path: recordPath)
        if let outcomeQueueLimit { record.outcomeQueueLimit = outcomeQueueLimit }
        record.busyTimeout = busyTimeout ?? record.busyTimeout
        let store = try RecordStore(record, metrics: metrics)
        let policies = try PolicySet([
            (file: "effort.yaml", policy: SplitPolicy(yaml: policy, file: "effort.yaml"))
        ])
        try await store.remember(policies.policies.map { PolicyRecord($0) })
        for policy in policies.policies { metrics.admit(policy) }
        let tls = try TLSSetup(
            host: "127.0.0.1",
            certificate: nil,
            key: nil,
            stateFolder: folder.path + "/state",
            now: Date()
        )
        var configuration = GatewayConfiguration(host: "127.0.0.1", port: 0, tls: tls)
        configuration.limits = limits
        configuration.clients = clients
        let (ports, listening) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
        let shadows = ShadowService(
            backend: backend,
            store: store,
            metrics: metrics,
            limits: limits,
            seed: { 8 },
            logger: quiet
        )
        let server = GatewayServer(
            configuration: configuration,
            policies: ActivePolicies(policies),
            backend: backend,
            store: store,
            metrics: metrics,
            shadows: shadows,
            seed: { 7 },
            logger: quiet
        ) { port in listening.yield(port) }
        let services = ServiceGroup(services: [shadows, server], logger: quiet)
        let (end, cutOff) = AsyncStream.makeStream(of: Never.self, bufferingPolicy: .bufferingOldest(1))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await run(services, until: end) }
            let port = try #require(await ports.first { _ in true })
            let client = try self.client(trusting: tls, httpVersion)
            let gateway = LiveGateway(
                port: port,
                tls: tls,
                store: store,
                recordPath: recordPath,
                client: client,
                core: server.core,
                services: services,
                cutOff: cutOff
            )
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(gateway))
            } catch {
                result = .failure(error)
            }
            try await client.shutdown()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try await store.shutdown()
            return try result.get()
        }
    }

    private static func run(_ services: ServiceGroup, until end: AsyncStream<Never>) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            group.addTask { for await _ in end {} }
            try await group.next()
            group.cancelAll()
        }
    }

    static let quiet: Logger = {
        var logger = Logger(label: "gateway-tests")
        logger.logLevel = .critical
        return logger
    }()

    static func client(
        trusting tls: TLSSetup,
        _ version: HTTPClient.Configuration.HTTPVersion = .automatic
    ) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .file(try #require(tls.certificateAuthorityFile))
        configuration.tlsConfiguration = trust
        configuration.httpVersion = version
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

extension PolicyRecord {
    fileprivate init(_ policy: SplitPolicy) {
        self.init(
            policy: policy.id,
            version: policy.version,
            document: policy.source,
            arms: policy.arms.map {
                Arm(id: $0.id, isControl: $0.isControl, basisPoints: $0.share.basisPoints)
            },
            metrics: policy.metrics.map { Metric(name: $0.name, isBinary: $0.kind == .binary) }
        )
    }
}

extension HeadgateMetrics {
    fileprivate func admit(_ policy: SplitPolicy) {
        let shares = policy.arms.map { ($0.id.rawValue, Double($0.share.basisPoints) / 10_000) }
        admit(
            policy: policy.id.rawValue,
            version: policy.version.rawValue,
            shares: Dictionary(uniqueKeysWithValues: shares),
            outcomes: policy.metrics.map(\.name.rawValue)
        )
    }
}

/// What a client got back, body and all.
struct Reply: Sendable {
    let status: UInt
    let headers: HTTPHeaders
    let version: HTTPVersion
    let body: String

    var json: JSONValue {
        get throws { try JSONParser.value(of: Array(body.utf8), depthLimit: 32) }
    }

    /// The `code` of the error object in the body.
    var errorCode: String? {
        get throws { try json["error"]?["code"]?.string }
    }

    /// The JSON of each `data:` line; `[DONE]` stands as a string.
    var events: [JSONValue] {
        get throws {
            try body.split(separator: "\n\n").filter { $0.hasPrefix("data: ") }.map { event in
                let text = event.dropFirst("data: ".count)
                return text == "[DONE]"
                    ? .string("[DONE]") : try JSONParser.value(of: Array(text.utf8), depthLimit: 32)
            }
        }
    }
}

extension JSONValue {
    subscript(key: String) -> JSONValue? {
        if case .object(let object) = self { object[key] } else { nil }
    }

    subscript(index: Int) -> JSONValue? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }
}

extension HTTPClient {
    func reply(to request: HTTPClientRequest) async throws -> Reply {
        let response = try await execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 24)
        return Reply(
            status: response.status.code,
            headers: response.headers,
            version: response.version,
            body: String(buffer: body)
        )
    }
}

extension LiveGateway {
    static func chatBody(_ more: String = "", stream: Bool = false) -> String {
        #"{"model":"default","messages":[{"role":"user","content":"hi"}],"stream":\#(stream)\#(more)}"#
    }

    func request(_ path: String, _ method: HTTPMethod = .GET, body: String? = nil) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        request.method = method
        if let body { request.body = .bytes(Array(body.utf8)) }
        return request
    }

    func send(_ request: HTTPClientRequest) async throws -> Reply {
        try await client.reply(to: request)
    }

    func get(_ path: String) async throws -> Reply {
        try await send(request(path))
    }

    func post(_ path: String, _ body: String) async throws -> Reply {
        try await send(request(path, .POST, body: body))
    }

    func chat(_ more: String = "", stream: Bool = false) async throws -> Reply {
        try await post("/v1/chat/completions", Self.chatBody(more, stream: stream))
    }

    /// What the record has of a request, read from the file by a second reader.
    func recorded(_ id: String?) throws -> StoredRequest? {
        let id = try #require(id.flatMap { RequestID($0) })
        return try RecordReader(path: recordPath).request(id)
    }

    /// Begins the shutdown; what is in progress goes on.
    func shutDown() async {
        await services.triggerGracefulShutdown()
    }

    /// Ends the server and whatever is in progress, as when a shutdown has taken too long.
    func cutOffAll() {
        core.readiness.drain()
        cutOff.finish()
    }

    /// Returns when no chat request is in progress any more, so that each has its completion.
    func settled() async {
        while core.admission.count > 0 { await Task.yield() }
    }

    /// Runs the body while another program holds the record's write lock, so that nothing gets on disk.
    func withLockedRecord(_ body: () async throws -> Void) async throws {
        var settings = Configuration()
        settings.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: recordPath, configuration: settings)
        try await other.writeWithoutTransaction { db in try db.execute(sql: "BEGIN IMMEDIATE") }
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        try await other.writeWithoutTransaction { db in try db.rollback() }
        try result.get()
    }

    func recorded(_ reply: Reply) throws -> StoredRequest? {
        try recorded(reply.headers.first(name: "x-headgate-request-id"))
    }
}

extension StoredRequest {
    /// How the request ended, as the gateway told the record; nil while it is open.
    var completion: CompletionRecord? {
        if case .ended(let completion) = end { completion } else { nil }
    }
}
