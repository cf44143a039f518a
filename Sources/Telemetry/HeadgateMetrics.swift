internal import Synchronization

/// Every metric of the gateway as something to call, so that a name can't be misspelt nor a label forgotten.
public final class HeadgateMetrics: Sendable {
    public let registry: Registry
    public let store: StoreMetrics
    public let policies: PolicyMetrics
    public let executor: ExecutorMetrics
    public let http: HTTPMetrics
    public let shadows: ShadowMetrics
    private let process: ProcessMetrics
    private let samplers = Mutex<[@Sendable () -> Void]>([])
    private let arms = Mutex<[ArmKey: ArmMetrics]>([:])

    private struct ArmKey: Hashable {
        let policy: String
        let arm: String
    }

    /// - Parameter version: what `headgate_build_info` says.
    public init(registry: Registry = Registry(), version: String) {
        self.registry = registry
        store = StoreMetrics(registry)
        policies = PolicyMetrics(registry)
        executor = ExecutorMetrics(registry)
        http = HTTPMetrics(registry)
        shadows = ShadowMetrics(registry)
        process = ProcessMetrics(registry)
        registry.gauge(MetricCatalogue.build, [version]).set(1)
    }

    /// Makes a loaded policy's names acceptable as label values; call it before requests are assigned by it.
    ///
    /// Series of arms that a later version lacks stay, with a share of zero, since counters must not vanish.
    public func admit(policy: String, version: String, shares: [String: Double], outcomes: [String]) {
        policies.replace(policy: policy, version: version, shares: shares)
        shadows.admit(policy: policy)
        arms.withLock { arms in
            for arm in shares.keys.sorted() {
                let key = ArmKey(policy: policy, arm: arm)
                let metrics = arms[key] ?? ArmMetrics(registry, policy: policy, arm: arm)
                arms[key] = metrics
                metrics.admit(outcomes: outcomes)
            }
        }
    }

    /// The arm's instruments; nil, and counted as dropped, for an arm that was never admitted.
    public func arm(policy: String, arm: String) -> ArmMetrics? {
        let found = arms.withLock { $0[ArmKey(policy: policy, arm: arm)] }
        if found == nil { registry.dropped.add() }
        return found
    }

    /// Runs the closure before each exposition: for figures that are read at that moment, not counted.
    public func sample(_ body: @escaping @Sendable () -> Void) {
        samplers.withLock { $0.append(body) }
    }

    /// Everything, as Prometheus text 0.0.4, with the process's own figures read at this moment.
    public func exposition() -> String {
        process.update()
        for sample in samplers.withLock({ $0 }) { sample() }
        return Exposition.text(of: registry)
    }
}

/// What is counted for one arm.
public final class ArmMetrics: Sendable {
    public let latency: Histogram
    public let firstToken: Histogram
    public let queued: Histogram
    public let degraded: Counter
    public let candidates: Counter
    public let prunedCandidates: Counter
    public let scoredSteps: Counter
    /// Counts microseconds; add a `Duration`.
    public let cpu: Counter
    private let requests: [RequestState: Counter]
    private let stopped: [StopReason: Counter]
    private let tokens: [TokenKind: Counter]
    private let outcomes = Mutex<[String: [OutcomeClass: Counter]]>([:])
    private let registry: Registry
    private let labels: [String]

    init(_ registry: Registry, policy: String, arm: String) {
        let labels = [policy, arm]
        self.registry = registry
        self.labels = labels
        latency = registry.histogram(MetricCatalogue.latency, labels)
        firstToken = registry.histogram(MetricCatalogue.firstToken, labels)
        queued = registry.histogram(MetricCatalogue.queued, labels)
        degraded = registry.counter(MetricCatalogue.degraded, labels)
        candidates = registry.counter(MetricCatalogue.candidates, labels)
        prunedCandidates = registry.counter(MetricCatalogue.prunedCandidates, labels)
        scoredSteps = registry.counter(MetricCatalogue.scoredSteps, labels)
        cpu = registry.counter(MetricCatalogue.cpu, labels)
        requests = registry.counters(MetricCatalogue.requests, after: labels)
        stopped = registry.counters(MetricCatalogue.stoppedEarly, after: labels)
        tokens = registry.counters(MetricCatalogue.tokens, after: labels)
    }

    func admit(outcomes names: [String]) {
        outcomes.withLock { outcomes in
            for name in names where outcomes[name] == nil {
                outcomes[name] = registry.counters(MetricCatalogue.outcomes, after: labels + [name])
            }
        }
    }

    public func ended(_ state: RequestState) { requests[state]?.add() }

    public func stoppedEarly(_ reason: StopReason) { stopped[reason]?.add() }

    public func spent(_ count: Int, _ kind: TokenKind) { tokens[kind]?.add(count) }

    /// Counts an outcome of a declared metric; another one is counted as dropped.
    public func outcome(_ metric: String, _ value: OutcomeClass) {
        guard let counters = outcomes.withLock({ $0[metric] }) else { return registry.dropped.add() }
        counters[value]?.add()
    }
}

extension Registry {
    /// One counter for each value of a metric's last, closed label.
    func counters<Value: MetricLabel>(
        _ metric: MetricDeclaration,
        after labels: [String] = []
    ) -> [Value: Counter] {
        let pairs = Value.allCases.map { ($0, counter(metric, labels + [$0.rawValue])) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
