public import CoreMetrics

/// Lets libraries that count through swift-metrics reach the registry, as far as their metrics are declared.
///
/// A name, kind or label that the catalogue lacks gets a handler that does nothing and is counted as dropped: a
/// dependency can't add series on its own.
public struct MetricsBackend: MetricsFactory {
    private let registry: Registry

    public init(registry: Registry) {
        self.registry = registry
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard case .counter(let counter)? = instrument(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return RegisteredCounter(counter: counter)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let gauge)? = instrument(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return RegisteredMeter(gauge: gauge)
    }

    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        switch instrument(label, dimensions) {
        case .histogram(let histogram): RegisteredRecorder(record: { histogram.observe($0) })
        case .gauge(let gauge): RegisteredRecorder(record: { gauge.set($0) })
        case .counter, nil: NOOPMetricsHandler.instance
        }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let histogram)? = instrument(label, dimensions) else {
            return NOOPMetricsHandler.instance
        }
        return RegisteredTimer(histogram: histogram)
    }

    /// Series live as long as the process, so that a counter is never seen to fall.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    private func instrument(_ label: String, _ dimensions: [(String, String)]) -> Registry.Instrument? {
        let declared = registry.declaration(label)?.labels.map(\.name)
        guard let declared, declared.sorted() == dimensions.map(\.0).sorted() else {
            registry.dropped.add()
            return nil
        }
        let values = declared.compactMap { name in dimensions.first { $0.0 == name }?.1 }
        return registry.find(label, values)
    }
}

private final class RegisteredCounter: CounterHandler {
    private let counter: Counter

    init(counter: Counter) {
        self.counter = counter
    }

    func increment(by amount: Int64) { counter.add(Int(amount)) }
    func reset() { counter.reset() }
}

private final class RegisteredMeter: MeterHandler {
    private let gauge: Gauge

    init(gauge: Gauge) {
        self.gauge = gauge
    }

    func set(_ value: Int64) { gauge.set(Double(value)) }
    func set(_ value: Double) { gauge.set(value) }
    func increment(by amount: Double) { gauge.add(amount) }
    func decrement(by amount: Double) { gauge.add(-amount) }
}

private final class RegisteredRecorder: RecorderHandler {
    private let take: @Sendable (Double) -> Void

    init(record: @escaping @Sendable (Double) -> Void) {
        take = record
    }

    func record(_ value: Int64) { take(Double(value)) }
    func record(_ value: Double) { take(value) }
}

private final class RegisteredTimer: TimerHandler {
    private let histogram: Histogram

    init(histogram: Histogram) {
        self.histogram = histogram
    }

    func recordNanoseconds(_ duration: Int64) { histogram.observe(Double(duration) / 1e9) }
}
