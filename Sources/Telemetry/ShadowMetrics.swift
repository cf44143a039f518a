internal import Synchronization

/// What is counted of shadows: apart from all that is counted of requests.
public final class ShadowMetrics: Sendable {
    /// Those of one policy.
    struct Counters {
        let ended: [ShadowState: Counter]
        let candidateTokens: Counter
    }

    public let waiting: Gauge
    private let registry: Registry
    private let policies = Mutex<[String: Counters]>([:])

    init(_ registry: Registry) {
        self.registry = registry
        waiting = registry.gauge(MetricCatalogue.shadowsWaiting)
    }

    func admit(policy: String) {
        policies.withLock { policies in
            if policies[policy] != nil { return }
            policies[policy] = Counters(
                ended: registry.counters(MetricCatalogue.shadows, after: [policy]),
                candidateTokens: registry.counter(MetricCatalogue.shadowTokens, [policy])
            )
        }
    }

    /// Counts the end of a shadow; one of a policy that was never admitted is counted as dropped by the metrics.
    public func ended(_ state: ShadowState, candidateTokens: Int = 0, policy: String) {
        guard let counters = policies.withLock({ $0[policy] }) else { return registry.dropped.add() }
        counters.ended[state]?.add()
        counters.candidateTokens.add(candidateTokens)
    }
}
