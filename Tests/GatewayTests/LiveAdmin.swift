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
        let rollouts = try ScriptedRollouts(folder)
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
        headers: HTTPHeaders = [:],
        body: String = ""
    ) async throws -> Reply {
        var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
        request.method = method
        request.headers = headers
        if let authorization { request.headers.add(name: "authorization", value: authorization) }
        if !body.isEmpty { request.body = .bytes(Array(body.utf8)) }
        return try await client.reply(to: request)
    }

    func get(_ path: String) async throws -> Reply {
        try await send(path, authorization: "Bearer \(viewer)")
    }

    func post(_ path: String, _ body: String = "") async throws -> Reply {
        try await change(.POST, path, body: body)
    }

    /// As an operator, with the header that says what is to be changed.
    func change(
        _ method: HTTPMethod,
        _ path: String,
        _ condition: HTTPHeaders = [:],
        body: String = ""
    ) async throws -> Reply {
        try await send(path, method, authorization: "Bearer \(`operator`)", headers: condition, body: body)
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

/// Rollouts that note what is asked of them: `resume` is refused, and `pause` waits to be let go. What the folder holds
/// is in force as soon as it is edited there, and the record knows one version that no folder holds.
final class ScriptedRollouts: Sendable {
    struct Call: Sendable, Hashable {
        let command: OperatorCommand
        let policy: PolicyID
        let actor: String
    }

    private struct State {
        var calls: [Call] = []
        var queries: [AuditQuery] = []
        var authors: [PolicyAuthor] = []
        var recordProblem: PolicyProblem?
    }

    static let refusal = "the rollout is not paused"
    /// Apart from the rollouts, for the folder's closures know it before they are whole.
    private final class Book: Sendable {
        let state = Mutex(State())
    }

    private let book = Book()
    private let pauses: AsyncStream<Void>
    private let paused: AsyncStream<Void>.Continuation
    private let gate: AsyncStream<Void>
    private let opener: AsyncStream<Void>.Continuation
    let folder: PolicyWatcher
    let active: ActivePolicies

    /// - Parameter files: where the folder `policies` comes to be, with one document.
    init(_ files: TemporaryFolder) throws {
        (pauses, paused) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        (gate, opener) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
        let path = try files.makeFolder("policies")
        try files.write(Self.document, to: "policies/effort.yaml")
        let policies = try PolicySet.load(folder: path)
        active = ActivePolicies(policies)
        let (active, book) = (active, book)
        folder = PolicyWatcher(
            folder: path,
            loaded: policies,
            check: { $0.policies.flatMap { Self.modelProblems(of: $0) } },
            prepare: { set, author in
                book.state.withLock { state in
                    guard state.recordProblem == nil else { return state.recordProblem }
                    state.authors.append(author)
                    active.replace(with: set)
                    return nil
                }
            },
            onReload: { _ in }
        )
    }

    static let document = "# As it was written.\n" + LiveGateway.policy
    /// A version that only the record has, as if it had been in force before.
    static let earlier = (version: PolicyVersion("0123456789ab"), text: "# Earlier.\n" + LiveGateway.policy)

    /// The model of this gateway can't serve `high`.
    private static func modelProblems(of policy: SplitPolicy) -> [PolicyProblem] {
        policy.arms.filter { $0.mode.name == "high" }.map { arm in
            PolicyProblem(file: "\(policy.id)", path: "arms.\(arm.id).mode", message: "too much", fix: "less")
        }
    }

    var policies: PolicySet { active.current }
    var authors: [PolicyAuthor] { book.state.withLock { $0.authors } }

    /// From now on nothing can be recorded.
    func loseRecord() {
        book.state.withLock { $0.recordProblem = PolicyProblem(file: "p", message: "secret", fix: "mend it") }
    }

    var calls: [Call] { book.state.withLock { $0.calls } }
    var queries: [AuditQuery] { book.state.withLock { $0.queries } }

    var actions: AdminActions {
        AdminActions(
            policies: { self.policies },
            folder: folder,
            rollouts: { [Self.view("idle")] },
            command: { command, policy, actor in
                await self.obey(Call(command: command, policy: policy, actor: actor))
            },
            record: AdminRecord(
                audits: { query throws(StoreError) in try self.audits(query) },
                versions: { policy, limit throws(StoreError) in Self.versions(of: policy, limit) },
                document: { policy, version throws(StoreError) in
                    policy == "effort" && version == Self.earlier.version ? Self.earlier.text : nil
                }
            )
        )
    }

    /// Returns once a `pause` has arrived.
    func hasPaused() async { _ = await pauses.first { _ in true } }

    func letGo() { opener.finish() }

    /// Lets go of whoever waits for a `pause` that is never going to arrive.
    func endPauses() { paused.finish() }

    private func obey(_ call: Call) async -> Result<RolloutStatus, RolloutRefusal> {
        book.state.withLock { $0.calls.append(call) }
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
        book.state.withLock { $0.queries.append(query) }
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

    private static func versions(of policy: PolicyID, _ limit: Int) -> [PolicyVersionRecord] {
        guard policy == "effort", limit == GatewayLimits.admin.policyVersions else { return [] }
        return [
            PolicyVersionRecord(
                version: earlier.version,
                firstSeen: Timestamp(millisecondsSinceEpoch: 7_999),
                introduction: AuditRecord(
                    actor: "ann",
                    action: AuditRecord.policyAction,
                    policy: policy,
                    before: AuditRecord.none,
                    after: earlier.version.rawValue,
                    reason: "added"
                ),
                isFromRollout: false
            ),
            PolicyVersionRecord(
                version: "ba9876543210",
                firstSeen: Timestamp(millisecondsSinceEpoch: 5_000),
                introduction: nil,
                isFromRollout: true
            ),
        ]
    }

    static func view(_ phase: String) -> RolloutStatus {
        RolloutStatus(
            policy: "effort",
            arm: "low",
            phase: phase,
            stage: 1,
            share: Share(basisPoints: 500),
            stages: [Share(basisPoints: 500), .whole],
            since: 7,
            version: "abc",
            waitsFor: nil
        )
    }
}
