import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1
import Policy
import ServiceLifecycle
import Store
import Synchronization
import Telemetry
import Testing

@testable import Gateway

/// An admin plane on a free port with a real certificate and key file, over rollouts that do as the test says.
struct LiveAdmin: Sendable {
    let port: Int
    let tls: TLSSetup
    let client: HTTPClient
    let keys: KeyFile
    let rollouts: ScriptedRollouts
    let metrics: HeadgateMetrics
    let folder: TemporaryFolder
    /// The words of a key of each role, named after it.
    let viewer: String
    let `operator`: String

    /// Runs an admin plane for as long as the body does.
    static func run(
        limits: GatewayLimits = .admin,
        clientAuthority: String? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now },
        _ body: @Sendable @escaping (LiveAdmin) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        var setup = try TLSSetup(
            host: "127.0.0.1",
            certificate: nil,
            key: nil,
            stateFolder: folder.path,
            now: Date()
        )
        if let clientAuthority {
            try folder.write(clientAuthority, to: "clients.pem")
            setup = try setup.knowingClients(of: folder.path + "/clients.pem")
        }
        let tls = setup
        let keys = KeyFile(stateFolder: folder.path)
        let rollouts = try ScriptedRollouts()
        let metrics = HeadgateMetrics(version: "test")
        var configuration = AdminConfiguration(
            host: "127.0.0.1",
            port: 0,
            tls: tls,
            keys: Keyring(keys, logger: LiveGateway.quiet)
        )
        configuration.limits = limits
        let (ports, listening) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
        let server = AdminServer(
            configuration: configuration,
            actions: rollouts.actions,
            metrics: metrics,
            now: now,
            logger: LiveGateway.quiet
        ) { port in listening.yield(port) }
        let services = ServiceGroup(services: [server], logger: LiveGateway.quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            let port = try #require(await ports.first { _ in true })
            let client = try LiveGateway.client(trusting: tls)
            let admin = LiveAdmin(
                port: port,
                tls: tls,
                client: client,
                keys: keys,
                rollouts: rollouts,
                metrics: metrics,
                folder: folder,
                viewer: try keys.add("viewer", .viewer),
                operator: try keys.add("operator", .operator)
            )
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(admin))
            } catch {
                result = .failure(error)
            }
            rollouts.letGo()
            try await client.shutdown()
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
            try result.get()
        }
    }

    func send(
        _ path: String,
        _ method: HTTPMethod = .GET,
        authorization: String?,
        body: String = ""
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        request.method = method
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        if !body.isEmpty { request.body = .bytes(Array(body.utf8)) }
        return try await client.reply(to: request)
    }

    func get(_ path: String) async throws -> Reply {
        try await send(path, authorization: "Bearer \(viewer)")
    }

    func post(_ path: String, _ body: String = "") async throws -> Reply {
        try await send(path, .POST, authorization: "Bearer \(`operator`)", body: body)
    }
}

extension KeyFile {
    /// Adds a key as of a fixed time.
    func add(_ name: String, _ role: KeyRole, tags: [String] = []) throws(GatewayError) -> String {
        var random = SystemRandomNumberGenerator()
        return try add(
            name,
            role,
            tags: tags,
            now: Timestamp(millisecondsSinceEpoch: 1_000_000),
            using: &random
        )
    }
}

/// Rollouts that note what is asked of them: `resume` is refused, and `pause` waits to be let go.
final class ScriptedRollouts: Sendable {
    struct Call: Sendable, Hashable {
        let command: OperatorCommand
        let policy: PolicyID
        let actor: String
    }

    private struct State {
        var calls: [Call] = []
        var queries: [AuditQuery] = []
    }

    static let refusal = "the rollout is not paused"
    private let state = Mutex(State())
    private let pauses: AsyncStream<Void>
    private let paused: AsyncStream<Void>.Continuation
    private let gate: AsyncStream<Void>
    private let opener: AsyncStream<Void>.Continuation
    let policies: PolicySet

    init() throws {
        (pauses, paused) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        (gate, opener) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        policies = try PolicySet([
            (file: "effort.yaml", policy: SplitPolicy(yaml: LiveGateway.policy, file: "effort.yaml"))
        ])
    }

    var calls: [Call] { state.withLock { $0.calls } }
    var queries: [AuditQuery] { state.withLock { $0.queries } }

    var actions: AdminActions {
        AdminActions(
            policies: { self.policies },
            rollouts: { [Self.view("idle")] },
            command: { command, policy, actor in
                await self.obey(Call(command: command, policy: policy, actor: actor))
            },
            audits: { query throws(StoreError) in try self.audits(query) }
        )
    }

    /// Returns once a `pause` has arrived.
    func hasPaused() async { _ = await pauses.first { _ in true } }

    func letGo() { opener.finish() }

    /// Lets go of whoever waits for a `pause` that is never going to arrive.
    func endPauses() { paused.finish() }

    private func obey(_ call: Call) async -> Result<RolloutStatus, RolloutRefusal> {
        state.withLock { $0.calls.append(call) }
        switch call.command {
        case .resume: return .failure(RolloutRefusal(description: Self.refusal))
        case .pause:
            paused.yield()
            for await _ in gate {}
            return .success(Self.view("paused in stage 1"))
        case .start, .promote, .rollback: return .success(Self.view("stage 1"))
        }
    }

    private func audits(_ query: AuditQuery) throws(StoreError) -> [AuditRecord] {
        state.withLock { $0.queries.append(query) }
        if query.policy == "unreadable" { throw .failed(code: 10, reason: "secret /path") }
        let line = AuditRecord(
            time: Timestamp(millisecondsSinceEpoch: 5_999),
            actor: "ann",
            action: "rollout",
            policy: "effort",
            before: "idle v1",
            after: "stage 1 v2",
            reason: "started by an operator"
        )
        return [line]
    }

    static func view(_ phase: String) -> RolloutStatus {
        RolloutStatus(
            policy: "effort",
            arm: "low",
            phase: phase,
            share: Share(basisPoints: 500),
            stages: [Share(basisPoints: 500), .whole],
            since: 7,
            version: "abc",
            waitsFor: nil
        )
    }
}
