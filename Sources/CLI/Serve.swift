import ArgumentParser
import Foundation
import Gateway
import LlamaBackend
import Logging
import ModelExecutor
import Policy
import Rollout
import ServiceLifecycle
import Store
import Telemetry
import UnixSignals

/// `headgate serve`: the gateway. The only place where the modules meet.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve the model over HTTPS, split by the policies of a folder.",
        discussion: """
            Prints 'listening https://HOST:PORT' once it takes connections, and 'admin https://HOST:PORT' before \
            that. On a loopback address without --cert it makes its own certificate and prints how to trust it.

            Example:
              headgate serve --policies policies --db headgate.db
            """
    )

    @Option(help: ArgumentHelp("Folder of policy documents; watched for changes.", valueName: "folder"))
    var policies = "policies"

    @Option(help: ArgumentHelp("SQLite file of the record; made if it isn't there.", valueName: "file"))
    var db = "headgate.db"

    @Option(help: ArgumentHelp("Address to listen on; port 0 picks a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:8443"

    @Option(
        help: ArgumentHelp("Address of the admin plane, or none for none at all.", valueName: "host:port")
    )
    var admin = AdminOptions.defaultAddress

    @Option(
        help: ArgumentHelp(
            "Authority whose client certificates the admin plane takes in place of keys.",
            valueName: "pem"
        )
    )
    var adminClientCa: String?

    @Option(help: ArgumentHelp("Certificate chain to serve with.", valueName: "pem"))
    var cert: String?

    @Option(help: ArgumentHelp("Private key of the certificate.", valueName: "pem"))
    var key: String?

    @Option(help: ArgumentHelp("Folder for a certificate made here and the keys.", valueName: "folder"))
    var state = StatePaths.defaultFolder

    @Flag(help: "Refuse requests to /v1 without a client's key from `headgate keys`.")
    var requireKey = false

    @Option(
        help:
            "Least severe messages to log: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).",
        transform: Serve.logLevel
    )
    var logLevel = Logger.Level.info

    @OptionGroup var fleet: FleetOptions

    @OptionGroup var backend: BackendOptions

    /// A drain that takes longer is cut off: requests still running end as failed, and the record is closed.
    static let longestDrain = Duration.seconds(60)

    func run() async throws {
        let address = try ListenAddress(listen)
        let adminAddress = try AdminPlane.address(admin)
        if adminAddress == nil, adminClientCa != nil {
            throw UsageError(
                "--admin-client-ca is for the admin plane, which --admin none turns off; leave one out"
            )
        }
        let loaded = try loadedPolicies()
        let tls = try TLSSetup(
            host: address.host,
            certificate: cert,
            key: key,
            stateFolder: state,
            now: Date()
        )
        var logger = Logger(label: "headgate") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel
        let metrics = HeadgateMetrics(version: Version.current)
        let store = try RecordStore(StoreConfiguration(path: db), metrics: metrics)
        let parts = Parts(
            address: address,
            documents: loaded,
            policies: ActivePolicies(loaded),
            tls: tls,
            store: store,
            metrics: metrics,
            logger: logger
        )
        metrics.http.certificateExpiry.set(tls.expires.timeIntervalSince1970)
        logStart(parts, warnings: loaded.warnings)
        let (model, session) = try backend.make()
        try refuse(loaded.problems(serving: model.model))
        let rollouts = try await parts.rolloutController(recordAt: db, fleet: fleet.makeFleet())
        let watcher = parts.watcher(of: policies, for: model.model, rollouts)
        let actions = try AdminActions(rollouts, parts.policies, watcher, recordAt: db)
        let keyring = Keyring(KeyFile(stateFolder: state), logger: logger)
        let keys = try await KeyWatch(keyring, parts, recordAt: db)
        let plane = try AdminPlane(at: adminAddress, self, parts, keyring, actions)
        metrics.sample {
            let stages = rollouts.statuses.map { ($0.policy.rawValue, $0.stage) }
            metrics.policies.set(rolloutStages: Dictionary(uniqueKeysWithValues: stages))
        }
        if let session { metrics.sample { metrics.executor.set(session.session.load) } }
        let attempts = try parts.firstAttempts(recordAt: db)
        let own: [any Service] = [rollouts, PolicyWatchService(watcher: watcher), keys] + plane.services
        let clients = ClientAccess(keyring, isKeyRequired: requireKey)
        let dataPlane = dataPlane(parts, clients, attempts, after: plane, backend: model)
        try await group(parts, own + dataPlane, session: session).run()
    }

    private static func logLevel(_ text: String) throws -> Logger.Level {
        guard let level = Logger.Level(rawValue: text) else {
            throw ValidationError("'\(text)' is not a log level")
        }
        return level
    }

    /// What the services of one gateway share.
    struct Parts {
        let address: ListenAddress
        /// What the folder held at start.
        let documents: PolicySet
        /// What is in force.
        let policies: ActivePolicies
        let tls: TLSSetup
        let store: RecordStore
        let metrics: HeadgateMetrics
        let logger: Logger
    }

    private func refuse(_ problems: [PolicyProblem]) throws {
        guard !problems.isEmpty else { return }
        note("\(PolicyProblems(problems))")
        throw ExitCode(ExitStatus.refused)
    }

    private func loadedPolicies() throws -> PolicySet {
        do {
            return try PolicySet.load(folder: policies)
        } catch {
            note("\(error)")
            throw ExitCode(ExitStatus.refused)
        }
    }

    /// The shadows of completed requests, then the server that they end with.
    private func dataPlane(
        _ parts: Parts,
        _ clients: ClientAccess,
        _ attempts: FirstAttempts,
        after plane: AdminPlane,
        backend: any GenerationBackend
    ) -> [any Service] {
        let host = parts.address.host
        var configuration = GatewayConfiguration(host: host, port: parts.address.port, tls: parts.tls)
        configuration.clients = clients
        let shadows = ShadowService(
            backend: backend,
            store: parts.store,
            metrics: parts.metrics,
            logger: parts.logger
        )
        let server = GatewayServer(
            configuration: configuration,
            policies: parts.policies,
            backend: backend,
            store: parts.store,
            firstAttempts: attempts,
            metrics: parts.metrics,
            shadows: shadows,
            logger: parts.logger
        ) { port in
            guard await plane.hasAnnounced() else { return }
            tellHowToTrust(parts.tls, at: ListenAddress(host: host, port: port))
        }
        return [shadows, server]
    }

    /// Listed in the order in which they start; shutdown runs in reverse, so listening stops first and the
    /// record closes last.
    private func group(
        _ parts: Parts,
        _ services: [any Service],
        session: SessionService?
    ) -> ServiceGroup {
        let models: [any Service] = session.map { [$0] } ?? []
        let all: [any Service] = [RecordService(store: parts.store)] + models + services
        var configuration = ServiceGroupConfiguration(
            services: all.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: parts.logger
        )
        configuration.maximumGracefulShutdownDuration = Self.longestDrain
        return ServiceGroup(configuration: configuration)
    }

    private func logStart(_ parts: Parts, warnings: [PolicyProblem]) {
        let logger = parts.logger
        for warning in warnings { logger.warning("\(warning)") }
        if parts.store.closedAsCrashed > 0 {
            logger.warning(
                "the last run ended without closing its requests; they are recorded as failed",
                metadata: ["requests": "\(parts.store.closedAsCrashed)"]
            )
        }
    }

    /// The line that scripts wait for comes last, so whoever has read it has everything.
    private func tellHowToTrust(_ tls: TLSSetup, at address: ListenAddress) {
        note("certificate SHA-256 \(tls.fingerprint)")
        if let authority = tls.certificateAuthorityFile {
            note("self-signed; trust it with: curl --cacert \(authority) https://\(address)/v1/models")
        }
        StandardOutput.announce("listening https://\(address)")
    }
}
