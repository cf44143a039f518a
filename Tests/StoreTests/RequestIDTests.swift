import TestSupport
import Testing

@testable import Store

@Suite struct RequestIDTests {
    @Test func `ids increase while the clock stands still`() {
        let clock = SteppedClock()
        let generator = RequestID.Generator(now: clock.now, random: SeededGenerator(seed: 1))
        let ids = (0..<10_000).map { _ in generator.next() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0.key < $1.key && "\($0)" < "\($1)" })
    }

    @Test func `ids increase when the clock steps back`() {
        let clock = SteppedClock()
        let generator = RequestID.Generator(now: clock.now, random: SeededGenerator(seed: 1))
        let before = generator.next()
        clock.advance(by: -60_000)
        #expect(before.key < generator.next().key)
    }

    @Test func `ids continue after the last one of an earlier run`() {
        let clock = SteppedClock()
        let last = RequestID.Generator(now: clock.now).next()
        clock.advance(by: -60_000)
        #expect(RequestID.Generator(after: last, now: clock.now).next().key > last.key)
    }

    @Test func `an id is a UUID of version 7 that carries its millisecond`() throws {
        let id = RequestID.Generator(
            now: SteppedClock(0x0123_4567_89ab).now,
            random: SeededGenerator(seed: 7)
        )
        .next()
        let text = "\(id)"
        #expect(text.hasPrefix("01234567-89ab-7"), "\(text)")
        #expect(["8", "9", "a", "b"].contains(text.split(separator: "-")[3].first), "\(text)")
        #expect(id.timestamp == Timestamp(millisecondsSinceEpoch: 0x0123_4567_89ab))
    }

    @Test func `text and integers read back as the same id`() {
        let generator = RequestID.Generator(random: SeededGenerator(seed: 3))
        for _ in 0..<1_000 {
            let id = generator.next()
            #expect(RequestID("\(id)") == id)
            #expect(RequestID("\(id)".uppercased()) == id)
            #expect(RequestID(key: id.key, tail: id.tail) == id)
        }
    }

    @Test(arguments: [
        "", "x", "01234567-89ab-7000-8000-00000000000", "01234567-89ab-7000-8000-0000000000000",
        "01234567-89ab-4000-8000-000000000000", "01234567-89ab-7000-c000-000000000000",
        "0123456789ab-7000-8000-000000000000-", "01234567-89ab-7000-8000-00000000000g",
    ])
    func `text that is no version 7 UUID is no id`(text: String) {
        #expect(RequestID(text) == nil)
    }
}
