import Synchronization

/// Names one request for ever: a UUID of version 7, so ids sort by the time they were made.
///
/// The first 60 free bits (milliseconds and a counter) are the key of the request's row, the last 62 are random
/// and are compared as well: a client can't guess a neighbour's id from its own. Text form is the usual
/// lower-case UUID; on disk an id is two integers.
public struct RequestID: Sendable, Hashable {
    let high: UInt64
    let low: UInt64

    private static let version: UInt64 = 0x7000
    private static let variant: UInt64 = 0x8000_0000_0000_0000

    /// An id made of 48 bits of milliseconds, 12 of counter and 62 of randomness; higher bits are cut off.
    init(millisecond: UInt64, counter: UInt64, random: UInt64) {
        high = millisecond << 16 | Self.version | counter & 0xfff
        low = random & 0x3fff_ffff_ffff_ffff | Self.variant
    }

    /// The id that a row's key and tail spell.
    init(key: Int64, tail: Int64) {
        let key = UInt64(bitPattern: key)
        self.init(millisecond: key >> 12, counter: key, random: UInt64(bitPattern: tail))
    }

    /// Reads a version 7 UUID in its usual text form, in either case; nil for anything else.
    public init?(_ text: some StringProtocol) {
        var halves: (UInt64, UInt64) = (0, 0)
        var position = 0
        for byte in text.utf8 {
            defer { position += 1 }
            switch position {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            case 0..<36:
                guard let digit = Self.hexDigit(byte) else { return nil }
                if position < 18 {
                    halves.0 = halves.0 << 4 | digit
                } else {
                    halves.1 = halves.1 << 4 | digit
                }
            default:
                return nil
            }
        }
        guard position == 36, halves.0 & 0xf000 == Self.version, halves.1 >> 62 == 0b10 else { return nil }
        (high, low) = halves
    }

    /// When the id was made.
    public var timestamp: Timestamp { Timestamp(millisecondsSinceEpoch: Int64(high >> 16)) }

    /// What the key of every request made at that time or later is at least.
    static func leastKey(at time: Timestamp) -> Int64 { max(0, time.millisecondsSinceEpoch) << 12 }

    /// The integer key of the request's row; unique among ids of one generator.
    var key: Int64 { Int64((high >> 16) << 12 | high & 0xfff) }

    /// The random part, stored beside the key and compared with it.
    var tail: Int64 { Int64(low & 0x3fff_ffff_ffff_ffff) }

    private static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension RequestID: CustomStringConvertible {
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = index < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> (60 - 4 * UInt64(index % 16)) & 0xf)
                buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                position += 1
            }
            return position
        }
    }
}

extension RequestID {
    /// Makes ids that strictly increase, even when the clock stands still or steps back.
    ///
    /// At most 4,096 ids share a millisecond; the next one borrows from the millisecond to come.
    public final class Generator: Sendable {
        private struct State {
            var key: UInt64
            var random: any RandomNumberGenerator & Sendable
        }

        private let now: @Sendable () -> Timestamp
        private let state: Mutex<State>

        /// Starts after `last`, so that a clock that stepped back over a restart can't repeat a key.
        public init(
            after last: RequestID? = nil,
            now: @escaping @Sendable () -> Timestamp = { .now },
            random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
        ) {
            self.now = now
            state = Mutex(State(key: last.map { UInt64($0.key) } ?? 0, random: random))
        }

        public func next() -> RequestID {
            let millisecond = UInt64(max(0, now().millisecondsSinceEpoch)) & 0xffff_ffff_ffff
            return state.withLock { state in
                state.key = max(state.key + 1, millisecond << 12)
                return RequestID(
                    millisecond: state.key >> 12,
                    counter: state.key,
                    random: state.random.next()
                )
            }
        }
    }
}
