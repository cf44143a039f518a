/// What makes two answers the same vote.
///
/// The last `\boxed{…}` if there is one, else what follows the last line that begins with `answer:`, else the
/// whole text; then without white space, emphasis, dollar signs and a final full stop around it. Numbers become
/// their shortest decimal form (`1,024.50` and `1024.5` agree); other text is compared in lower case with its
/// white space collapsed. Two ways of writing one formula remain two votes: no algebra is done.
public struct AnswerKey: Sendable, Hashable {
    public let text: String

    /// Nil for an answer that says nothing, which has no vote.
    public init?(_ answer: String) {
        let essence = Self.boxed(answer) ?? Self.labelled(answer) ?? answer
        let trimmed = Self.trim(essence)
        guard !trimmed.isEmpty else { return nil }
        text = Self.number(trimmed) ?? Self.folded(trimmed)
    }

    private static func boxed(_ answer: String) -> String? {
        let marker = Array("\\boxed{".utf8)
        let bytes = Array(answer.utf8)
        guard bytes.count > marker.count else { return nil }
        for start in (0...(bytes.count - marker.count)).reversed()
        where bytes[start..<(start + marker.count)].elementsEqual(marker) {
            var depth = 1
            let begin = start + marker.count
            for index in begin..<bytes.count {
                if bytes[index] == UInt8(ascii: "{") { depth += 1 }
                if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
                if depth == 0 { return String(decoding: bytes[begin..<index], as: UTF8.self) }
            }
        }
        return nil
    }

    private static func labelled(_ answer: String) -> String? {
        for line in answer.split(whereSeparator: \.isNewline).reversed() {
            let bare = trim(String(line))
            let label = "answer:"
            if bare.lowercased().hasPrefix(label) {
                let rest = bare.dropFirst(label.count)
                if !trim(String(rest)).isEmpty { return String(rest) }
            }
        }
        return nil
    }

    private static func trim(_ text: String) -> String {
        let noise: Set<Character> = ["*", "$", "`", ".", "_"]
        var rest = text[...]
        while let last = rest.last, last.isWhitespace || noise.contains(last) { rest.removeLast() }
        while let first = rest.first, first.isWhitespace || (noise.contains(first) && first != ".") {
            rest.removeFirst()
        }
        return String(rest)
    }

    /// The shortest decimal form of a plain number, by its digits alone so that no precision is lost.
    private static func number(_ text: String) -> String? {
        var bytes = Array(text.utf8)
        var isNegative = false
        if let sign = bytes.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            bytes.removeFirst()
        }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = wholeDigits(Array(parts.first ?? [])) else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard fraction.allSatisfy(isDigit), !(whole.isEmpty && fraction.isEmpty) else { return nil }
        let digits = Array(whole.drop { $0 == UInt8(ascii: "0") })
        let decimals = Array(fraction.reversed().drop { $0 == UInt8(ascii: "0") }.reversed())
        let head = digits.isEmpty ? "0" : String(decoding: digits, as: UTF8.self)
        let tail = decimals.isEmpty ? "" : "." + String(decoding: decimals, as: UTF8.self)
        let magnitude = head + tail
        return isNegative && magnitude != "0" ? "-" + magnitude : magnitude
    }

    /// The digits before the point; commas only where they separate groups of three.
    private static func wholeDigits(_ bytes: [UInt8]) -> [UInt8]? {
        let groups = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard groups.allSatisfy({ $0.allSatisfy(isDigit) }) else { return nil }
        if groups.count > 1 {
            guard let first = groups.first, (1...3).contains(first.count) else { return nil }
            guard groups.dropFirst().allSatisfy({ $0.count == 3 }) else { return nil }
        }
        return groups.flatMap { $0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func folded(_ text: String) -> String {
        text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
