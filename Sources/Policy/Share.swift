/// A part of a policy's traffic in basis points: 10,000 of them are everything.
///
/// Shares are integers so that "they add up to 100 %" is a fact and not a tolerance.
public struct Share: Sendable, Hashable, Comparable, Codable {
    /// Everything.
    public static let whole = Share(basisPoints: 10_000)

    public let basisPoints: Int

    public init(basisPoints: Int) {
        precondition(
            (0...10_000).contains(basisPoints),
            "a share lies between 0 and 10,000 basis points, not at \(basisPoints)"
        )
        self.basisPoints = basisPoints
    }

    public var fraction: Double { Double(basisPoints) / 10_000 }

    public static func < (left: Share, right: Share) -> Bool { left.basisPoints < right.basisPoints }
}

extension Share: CustomStringConvertible {
    public var description: String { percent(basisPoints: basisPoints) }
}

/// A difference of two rates in basis points; it may be negative.
public struct RateChange: Sendable, Hashable, Codable {
    public let basisPoints: Int

    public init(basisPoints: Int) {
        self.basisPoints = basisPoints
    }

    public var fraction: Double { Double(basisPoints) / 10_000 }
}

extension RateChange: CustomStringConvertible {
    public var description: String { percent(basisPoints: basisPoints) }
}

/// The shortest decimal text of basis points as a percentage, such as `33.3%`.
func percent(basisPoints: Int) -> String {
    let sign = basisPoints < 0 ? "-" : ""
    let (whole, rest) = basisPoints.magnitude.quotientAndRemainder(dividingBy: 100)
    if rest == 0 { return "\(sign)\(whole)%" }
    if rest.isMultiple(of: 10) { return "\(sign)\(whole).\(rest / 10)%" }
    return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)%"
}
