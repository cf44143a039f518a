/// What the record's writer counts.
public struct StoreMetrics: Sendable {
    public let queue: Gauge
    public let openRequests: Gauge
    public let commit: Histogram
    public let batch: Histogram
    public let failedCommits: Counter
    public let refusedWrites: Counter
    public let crashedRequests: Gauge

    /// Instruments of the registry; by default of none that anyone sees.
    public init(_ registry: Registry = Registry()) {
        queue = registry.gauge(MetricCatalogue.storeQueue)
        openRequests = registry.gauge(MetricCatalogue.storeOpen)
        commit = registry.histogram(MetricCatalogue.storeCommit)
        batch = registry.histogram(MetricCatalogue.storeBatch)
        failedCommits = registry.counter(MetricCatalogue.storeFailures)
        refusedWrites = registry.counter(MetricCatalogue.storeRefused)
        crashedRequests = registry.gauge(MetricCatalogue.storeCrashed)
    }
}

/// The executor's state, set by whoever samples it.
public struct ExecutorMetrics: Sendable {
    public let cellsInUse: Gauge
    public let cellsCached: Gauge
    public let cells: Gauge
    public let activeCandidates: Gauge
    public let queueLength: Gauge
    private let prefixLookups: Counter
    private let prefixHits: Counter
    private let prefixReused: Counter

    init(_ registry: Registry) {
        cellsInUse = registry.gauge(MetricCatalogue.cellsInUse)
        cellsCached = registry.gauge(MetricCatalogue.cellsCached)
        cells = registry.gauge(MetricCatalogue.cells)
        activeCandidates = registry.gauge(MetricCatalogue.activeCandidates)
        queueLength = registry.gauge(MetricCatalogue.queueLength)
        prefixLookups = registry.counter(MetricCatalogue.prefixLookups)
        prefixHits = registry.counter(MetricCatalogue.prefixHits)
        prefixReused = registry.counter(MetricCatalogue.prefixReused)
    }

    /// Follows what the executor's cache of prompts has counted since it started.
    public func setPrefixCache(lookups: Int, hits: Int, reusedTokens: Int) {
        prefixLookups.set(lookups)
        prefixHits.set(hits)
        prefixReused.set(reusedTokens)
    }
}

/// What the HTTP side counts.
public struct HTTPMetrics: Sendable {
    public let activeRequests: Gauge
    /// Seconds since 1970.
    public let certificateExpiry: Gauge
    private let responses: [RouteLabel: [StatusClass: Counter]]
    private let refusals: [RefusalCode: Counter]
    private let outcomes: [OutcomeResult: Counter]

    init(_ registry: Registry) {
        activeRequests = registry.gauge(MetricCatalogue.activeRequests)
        certificateExpiry = registry.gauge(MetricCatalogue.certificateExpiry)
        let pairs = RouteLabel.allCases.map { route in
            (
                route,
                registry.counters(MetricCatalogue.responses, after: [route.rawValue])
                    as [StatusClass: Counter]
            )
        }
        responses = Dictionary(uniqueKeysWithValues: pairs)
        refusals = registry.counters(MetricCatalogue.refusals)
        outcomes = registry.counters(MetricCatalogue.outcomeResults)
    }

    public func responded(_ route: RouteLabel, _ status: StatusClass) { responses[route]?[status]?.add() }

    public func refused(_ code: RefusalCode) { refusals[code]?.add() }

    public func outcome(_ result: OutcomeResult) { outcomes[result]?.add() }
}

/// Which policies are in force, and whether reading them worked.
public struct PolicyMetrics: Sendable {
    private let registry: Registry
    private let reloads: [ReloadResult: Counter]
    private let failed: Gauge
    private let loaded: Gauge

    init(_ registry: Registry) {
        self.registry = registry
        reloads = registry.counters(MetricCatalogue.reloads)
        failed = registry.gauge(MetricCatalogue.reloadFailed)
        loaded = registry.gauge(MetricCatalogue.reloadTime)
    }

    /// Counts a load that worked.
    ///
    /// - Parameter time: seconds since 1970.
    public func reloaded(at time: Double) {
        reloads[.ok]?.add()
        failed.set(0)
        loaded.set(time)
    }

    /// Counts a load that failed and left the last good policies in force.
    public func reloadFailed() {
        reloads[.failed]?.add()
        failed.set(1)
    }

    /// Takes a policy that was removed out of the picture: no version in force, no share.
    public func retire(policy: String) {
        replace(policy: policy, version: nil, shares: [:])
    }

    /// Sets where the rollout of each policy that has one stands; others have no series.
    public func set(rolloutStages stages: [String: Int]) {
        registry.remove(MetricCatalogue.rolloutStage) { stages[$0.first ?? ""] == nil }
        for (policy, stage) in stages {
            registry.gauge(MetricCatalogue.rolloutStage, [policy]).set(Double(stage))
        }
    }

    func replace(policy: String, version: String?, shares: [String: Double]) {
        registry.remove(MetricCatalogue.policyInfo) { $0.first == policy && $0.last != version }
        if let version { registry.gauge(MetricCatalogue.policyInfo, [policy, version]).set(1) }
        for (arm, share) in shares { registry.gauge(MetricCatalogue.share, [policy, arm]).set(share) }
        registry.zero(MetricCatalogue.share) { $0.first == policy && shares[$0.last ?? ""] == nil }
    }
}

extension Registry {
    /// Sets the gauges for which `isGone` is true to zero.
    func zero(_ metric: MetricDeclaration, where isGone: ([String]) -> Bool) {
        for family in snapshot() where family.declaration.name == metric.name {
            for (values, instrument) in family.series where isGone(values) {
                if case .gauge(let gauge) = instrument { gauge.set(0) }
            }
        }
    }
}
