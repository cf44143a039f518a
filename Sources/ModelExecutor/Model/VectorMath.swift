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

    /// The lanes from `offset` on; lanes past the end are `padding`.
    @inline(__always)
    static func lanes(_ values: UnsafeBufferPointer<Float>, at offset: Int, padding: Float) -> Lanes {
        guard let base = values.baseAddress else { return Lanes(repeating: padding) }
        if offset + width <= values.count {
            return UnsafeRawPointer(base + offset).loadUnaligned(as: Lanes.self)
        }
        var tail = Lanes(repeating: padding)
        for lane in 0..<max(0, values.count - offset) { tail[lane] = base[offset + lane] }
        return tail
    }

    /// Dot product; two accumulators of sixteen lanes keep the additions independent.
    static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
        precondition(a.count == b.count, "dot product of \(a.count) and \(b.count) values")
        var first = Lanes.zero
        var second = Lanes.zero
        var offset = 0
        while offset + 2 * width <= a.count {
            first += lanes(a, at: offset, padding: 0) * lanes(b, at: offset, padding: 0)
            second += lanes(a, at: offset + width, padding: 0) * lanes(b, at: offset + width, padding: 0)
            offset += 2 * width
        }
        while offset < a.count {
            first += lanes(a, at: offset, padding: 0) * lanes(b, at: offset, padding: 0)
            offset += width
        }
        return (first + second).sum()
    }

    /// The largest value, not-a-number ignored; negative infinity when there is none.
    static func maximum(_ values: UnsafeBufferPointer<Float>) -> Float {
        var peaks = Lanes(repeating: -.infinity)
        var offset = 0
        while offset < values.count {
            let block = lanes(values, at: offset, padding: -.infinity)
            peaks.replace(with: block, where: block .> peaks)
            offset += width
        }
        return peaks.max()
    }

    /// e to the power of each lane, for lanes up to 0, to about 1e-7 relative.
    ///
    /// Range reduction by a power of two and a polynomial of degree 6. The library's `exp` takes one value at a
    /// time, which would cost more than the rest of sampling together on a large vocabulary.
    @inline(__always)
    static func exponential(_ x: Lanes) -> Lanes {
        // Below -87 the result leaves the normal floats; such weights are as good as zero.
        let clamped = x.replacing(with: Lanes(repeating: -87), where: x .< -87)
        // 1.5 * 2^23: adding it rounds to an integer that then sits in the low bits.
        let magic = Lanes(repeating: 12_582_912)
        let shifted = clamped * 1.442_695_04 + magic
        let n = shifted - magic
        // ln 2 in two parts, so that n * high is exact.
        let r = clamped - n * 0.693_359_375 + n * 2.121_944_4e-4
        var p = r * (1.0 / 720) + (1.0 / 120)
        p = p * r + (1.0 / 24)
        p = p * r + (1.0 / 6)
        p = p * r + 0.5
        p = p * r + 1
        p = p * r + 1
        let exponent =
            unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- unsafeBitCast(magic, to: SIMD16<Int32>.self)
        return p * unsafeBitCast((exponent &+ 127) &<< 23, to: Lanes.self)
    }
}
