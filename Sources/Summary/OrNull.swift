/// A value that is written as an explicit `null` when it isn't known.
///
/// Synthesised encoding leaves a nil out, and a reader can't tell "not known" from "not in this schema". A
/// number that isn't finite is not known either: JSON has none, and a large stand-in would be a lie.
@propertyWrapper
public struct OrNull<Value: Encodable & Sendable & Hashable>: Encodable, Sendable, Hashable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) {
        self.wrappedValue = wrappedValue
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        guard let wrappedValue else { return try container.encodeNil() }
        if let number = wrappedValue as? Double, !number.isFinite { return try container.encodeNil() }
        try container.encode(wrappedValue)
    }
}
