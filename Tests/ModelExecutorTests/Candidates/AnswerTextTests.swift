import TestSupport
import Testing

@testable import ModelExecutor

struct AnswerTextTests {
    /// What is told piece by piece when `bytes` come in the given pieces.
    private func told(_ pieces: [[UInt8]], stops: [String] = [], trims: Bool = false) -> (String, Bool) {
        var text = AnswerText(stops: stops.map { Array($0.utf8) }, trimsStart: trims)
        var told = ""
        for piece in pieces {
            text.append(piece)
            told += text.delta(isFinal: false)
        }
        if !text.isStopped { text.finish() }
        told += text.delta(isFinal: true)
        #expect(told == text.text)
        return (told, text.isStopped)
    }

    private func split(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...5, using: &generator))
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    @Test func `any bytes in any pieces decode as they do whole`() {
        var generator = SeededGenerator(seed: 77)
        let alphabet: [UInt8] = [
            0x41, 0x80, 0xBF, 0xC2, 0xE0, 0xA0, 0xE2, 0x82, 0xAC, 0xED, 0x9F, 0xF0, 0x9F, 0x99, 0x82, 0xF4,
            0xFF,
        ]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let pieces = split(bytes, using: &generator)
            guard told(pieces).0 == String(decoding: bytes, as: UTF8.self) else {
                Issue.record("seed \(generator.seed): \(pieces)")
                return
            }
        }
    }

    @Test(arguments: [
        ("one END two", ["END"], "one ", true), ("one EN", ["END"], "one EN", false),
        ("EEND", ["END"], "E", true),
        ("xabcd", ["abcd", "bc"], "xa", true), ("xabab", ["ababc", "bab"], "xa", true),
        ("ab\n\ncd", ["\n\n"], "ab", true),
        ("aXY", ["Y", "XY"], "a", true), ("猫END", ["END"], "猫", true), ("aaaab", ["aab"], "aa", true),
    ])
    func `the text before the first complete stop is told`(
        text: String,
        stops: [String],
        told: String,
        stopped: Bool
    ) {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let result = self.told(split(Array(text.utf8), using: &generator), stops: stops)
            #expect(result.0 == told)
            #expect(result.1 == stopped)
        }
    }

    @Test func `white space before the answer is dropped, and is no stop`() {
        #expect(
            told([Array("\n".utf8), Array("\n a b".utf8)], stops: ["\n\n"], trims: true) == ("a b", false)
        )
    }
}
