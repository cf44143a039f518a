internal import Synchronization

/// Holds one instrument for each combination of label values that was declared or admitted.
///
/// Instruments are looked up once and kept by whoever counts, so counting takes no lock of the registry.
public final class Registry: Sendable {
    /// Series that one metric may have: 64 policies of 4 arms and some states, far under what slows a scrape.
    public static let seriesLimit = 2_000

    enum Instrument: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
    }

    struct Family: Sendable {
        let declaration: MetricDeclaration
        var series: [[String]: Instrument] = [:]
    }

    private let families: Mutex<[String: Family]>
    private let declarations: [MetricDeclaration]
    let dropped: Counter

    /// A registry in which every series with closed labels exists from the start, at zero: a rate
    /// can only be taken of a series that was there before its first event.
    public init(_ declarations: [MetricDeclaration] = MetricCatalogue.all) {
        self.declarations = declarations
        var families: [String: Family] = [:]
        for declaration in declarations {
            precondition(families[declaration.name] == nil, "metric \(declaration.name) is declared twice")
            var family = Family(declaration: declaration)
            for values in Registry.closedCombinations(declaration.labels) {
                family.series[values] = Registry.instrument(declaration)
            }
            families[declaration.name] = family
        }
        if case .counter(let counter)? = families[MetricCatalogue.dropped.name]?.series[[]] {
            dropped = counter
        } else {
            dropped = Counter()
        }
        self.families = Mutex(families)
    }

    func counter(_ metric: MetricDeclaration, _ values: [String] = []) -> Counter {
        if case .counter(let counter)? = find(metric.name, values) { return counter }
        return Counter()
    }

    func gauge(_ metric: MetricDeclaration, _ values: [String] = []) -> Gauge {
        if case .gauge(let gauge)? = find(metric.name, values) { return gauge }
        return Gauge()
    }

    func histogram(_ metric: MetricDeclaration, _ values: [String] = []) -> Histogram {
        if case .histogram(let histogram)? = find(metric.name, values) { return histogram }
        guard case .histogram(let bounds) = metric.kind else {
            preconditionFailure("\(metric.name) is no histogram")
        }
        return Histogram(bounds: bounds)
    }

    /// The instrument for these values; nil, and counted as dropped, if they may not appear.
    func find(_ name: String, _ values: [String]) -> Instrument? {
        let found = families.withLock { families -> Instrument? in
            guard let family = families[name] else { return nil }
            if let known = family.series[values] { return known }
            guard family.declaration.accepts(values), family.series.count < Registry.seriesLimit else {
                return nil
            }
            let made = Registry.instrument(family.declaration)
            families[name]?.series[values] = made
            return made
        }
        if found == nil { dropped.add() }
        return found
    }

    func declaration(_ name: String) -> MetricDeclaration? {
        declarations.first { $0.name == name }
    }

    /// Forgets the series for which `isStale` is true.
    func remove(_ metric: MetricDeclaration, where isStale: ([String]) -> Bool) {
        families.withLock { families in
            guard let stale = families[metric.name]?.series.keys.filter(isStale) else { return }
            for values in stale { families[metric.name]?.series[values] = nil }
        }
    }

    /// All families in declared order.
    func snapshot() -> [Family] {
        let families = families.withLock { $0 }
        return declarations.compactMap { families[$0.name] }
    }

    private static func instrument(_ declaration: MetricDeclaration) -> Instrument {
        switch declaration.kind {
        case .counter: .counter(Counter())
        case .gauge: .gauge(Gauge())
        case .histogram(let bounds): .histogram(Histogram(bounds: bounds))
        }
    }

    /// Every combination of closed values; none if a label's values come later.
    private static func closedCombinations(_ labels: [LabelDeclaration]) -> [[String]] {
        labels.reduce([[]]) { combinations, label in
            guard case .closed(let values) = label.values else { return [] }
            return combinations.flatMap { combination in values.map { combination + [$0] } }
        }
    }
}

extension MetricDeclaration {
    /// Whether a series with these label values may exist.
    func accepts(_ values: [String]) -> Bool {
        values.count == labels.count
            && zip(labels, values).allSatisfy { label, value in
                switch label.values {
                case .closed(let allowed): allowed.contains(value)
                case .admitted: !value.isEmpty
                }
            }
    }
}
