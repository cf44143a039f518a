internal import Synchronization

/// A number that only grows. Adding costs one atomic instruction.
public final class Counter: Sendable {
    private let units = Atomic<Int>(0)

    /// Adds whole units: microseconds for a counter of seconds, itself for everything else.
    public func add(_ amount: Int = 1) {
        units.wrappingAdd(max(0, amount), ordering: .relaxed)
    }

    /// Adds time to a counter of seconds.
    public func add(_ amount: Duration) {
        add(Int(amount / .microseconds(1)))
    }

    /// Follows a total that someone else counts.
    func set(_ total: Int) {
        units.store(total, ordering: .relaxed)
    }

    func reset() {
        units.store(0, ordering: .relaxed)
    }

    public var value: Int { units.load(ordering: .relaxed) }
}

/// A number that goes up and down.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    public func set(_ value: Int) {
        set(Double(value))
    }

    public func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, found) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = found
        }
    }

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Counts of values by fixed buckets, with their sum.
///
/// A lock rather than atomics, so that an exposition sees count, sum and buckets of one moment.
public final class Histogram: Sendable {
    public struct Snapshot: Sendable, Hashable {
        /// Per bucket, not yet cumulative; one more than there are bounds.
        public var counts: [Int]
        public var sum: Double

        public var total: Int { counts.reduce(0, +) }
    }

    public let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        precondition(
            !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<),
            "bounds rise, unlike \(bounds)"
        )
        self.bounds = bounds
        state = Mutex(Snapshot(counts: [Int](repeating: 0, count: bounds.count + 1), sum: 0))
    }

    /// Counts a value; one that is not a number is left out, since it would spoil the sum for good.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if value <= bounds[middle] { high = middle } else { low = middle + 1 }
        }
        state.withLock { state in
            state.counts[low] += 1
            state.sum += value
        }
    }

    public func observe(_ value: Duration) {
        observe(value / .seconds(1))
    }

    func reset() {
        state.withLock { $0 = Snapshot(counts: [Int](repeating: 0, count: bounds.count + 1), sum: 0) }
    }

    public var snapshot: Snapshot { state.withLock { $0 } }
}
