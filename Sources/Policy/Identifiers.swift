/// A name that policies, records and metrics share, kept apart from every other kind of name by its type.
public protocol PolicyIdentifier: RawRepresentable<String>, Sendable, Hashable, Comparable, Codable,
    ExpressibleByStringLiteral, CustomStringConvertible
{
    init(rawValue: String)
}

extension PolicyIdentifier {
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }

    public var description: String { rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// The name of one policy document.
public struct PolicyID: PolicyIdentifier {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The name of one arm within its policy.
public struct ArmID: PolicyIdentifier {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The name of a thinking effort: built in, or defined by a policy.
public struct ModeName: PolicyIdentifier {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The name of an outcome that a policy counts.
public struct MetricName: PolicyIdentifier {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}

/// The first 12 hex digits of SHA-256 over a policy's normal form.
///
/// Comments, whitespace, key order, the file's name and the description are not in the normal form, so
/// editing them starts no new version; anything that changes what the gateway does, does. Twelve digits
/// (48 bits) keep a chance of two versions colliding under one in a million for 20,000 versions.
public struct PolicyVersion: PolicyIdentifier {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }
}
