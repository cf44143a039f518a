/// The text of an answer as it grows: stop strings cut off, scalars kept whole.
///
/// Bytes that could be the beginning of a stop string are held back until they turn out not to be, so no part of
/// one ever leaks, whatever tokens it is spread over. Matching goes byte by byte: the stop string that completes
/// first wins, the longest of those that complete together.
struct AnswerText: Sendable {
    private let stops: [[UInt8]]
    private var isAtStart: Bool
    private var held: [UInt8] = []
    private var released: [UInt8] = []
    private var sent = 0
    private(set) var isStopped = false

    /// `trimsStart` drops the white space that templates put between thinking and answer.
    init(stops: [[UInt8]], trimsStart: Bool) {
        self.stops = stops
        isAtStart = trimsStart
    }

    mutating func append(_ bytes: [UInt8]) {
        guard !isStopped else { return }
        for byte in bytes {
            if isAtStart && Self.isWhiteSpace(byte) { continue }
            isAtStart = false
            if stops.isEmpty {
                released.append(byte)
            } else {
                hold(byte)
                if isStopped { return }
            }
        }
    }

    /// Releases what was held back in vain; to be called when the answer ends for another reason.
    mutating func finish() {
        released += held
        held = []
    }

    /// The text since the last call, up to the last whole scalar, or all of it when `isFinal`.
    mutating func delta(isFinal: Bool) -> String {
        let end = isFinal ? released.count : UTF8Tail.wholeLength(of: released, from: sent)
        guard end > sent else { return "" }
        defer { sent = end }
        return String(decoding: released[sent..<end], as: UTF8.self)
    }

    /// Everything released so far.
    var text: String { String(decoding: released, as: UTF8.self) }

    static func isWhiteSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    private mutating func hold(_ byte: UInt8) {
        held.append(byte)
        var longest = 0
        for stop in stops where stop.count > longest && held.hasSuffix(stop[...]) { longest = stop.count }
        if longest > 0 {
            released += held.dropLast(longest)
            held = []
            isStopped = true
            return
        }
        var kept = 0
        for stop in stops {
            var length = min(stop.count - 1, held.count)
            while length > kept, !held.hasSuffix(stop[..<length]) { length -= 1 }
            kept = max(kept, length)
        }
        if kept < held.count {
            released += held.dropLast(kept)
            held.removeFirst(held.count - kept)
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: ArraySlice<UInt8>) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}

/// Where a byte string can be cut without splitting a Unicode scalar.
enum UTF8Tail {
    /// The end of the longest prefix whose last scalar is whole, or broken for good.
    static func wholeLength(of bytes: [UInt8], from start: Int) -> Int {
        let count = bytes.count
        // A scalar has at most 4 bytes, so an unfinished one begins at most 3 bytes before the end.
        var lead = count - 1
        while lead >= max(start, count - 3) {
            let byte = bytes[lead]
            if byte & 0xC0 != 0x80 {
                return count - lead < length(lead: byte) && canContinue(bytes[lead...]) ? lead : count
            }
            lead -= 1
        }
        return count
    }

    /// Bytes of the scalar that a lead byte announces; 1 for bytes that announce none.
    private static func length(lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
    }

    /// Whether the second byte, where there is one, is among those the lead byte allows.
    private static func canContinue(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let lead = bytes.first, let second = bytes.dropFirst().first else { return true }
        return switch lead {
        case 0xE0: (0xA0...0xBF).contains(second)
        case 0xED: (0x80...0x9F).contains(second)
        case 0xF0: (0x90...0xBF).contains(second)
        case 0xF4: (0x80...0x8F).contains(second)
        default: true
        }
    }
}
