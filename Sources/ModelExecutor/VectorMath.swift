#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The few vector loops that run once per token, written on SIMD types so that they need no fast-math.
enum VectorMath {
    typealias Lanes = SIMD16<Float>
    static let width = Lanes.scalarCount

    static func exponential(_ x: Float) -> Float { exp(x) }
    static func exponential(_ x: Double) -> Double { exp(x) }
    static func logarithm(_ x: Double) -> Double { log(x) }

    @inline(__always)
    static func load(_ base: UnsafePointer<Float>, _ offset: Int) -> Lanes {
        UnsafeRawPointer(base + offset).loadUnaligned(as: Lanes.self)
    }

    /// Dot product; two accumulators of sixteen lanes keep the additions independent.
    static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
        guard let x = a.baseAddress, let y = b.baseAddress else { return 0 }
        let count = min(a.count, b.count)
        var first = Lanes.zero
        var second = Lanes.zero
        var i = 0
        while i + 2 * width <= count {
            first += load(x, i) * load(y, i)
            second += load(x, i + width) * load(y, i + width)
            i += 2 * width
        }
        var sum = (first + second).sum()
        while i < count {
            sum += x[i] * y[i]
            i += 1
        }
        return sum
    }
}
