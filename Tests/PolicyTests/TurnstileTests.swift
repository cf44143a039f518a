import Synchronization
import Testing

@testable import Policy

@Suite struct TurnstileTests {
    /// How many are inside at once.
    private final class Room: Sendable {
        private let counts = Mutex((now: 0, most: 0, all: 0))

        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
                counts.all += 1
            }
        }

        func leave() { counts.withLock { $0.now -= 1 } }

        var most: Int { counts.withLock { $0.most } }
        var all: Int { counts.withLock { $0.all } }
    }

    @Test func `one is let through after another, whoever waits in between`() async {
        let (turnstile, room) = (Turnstile(), Room())
        await withTaskGroup { group in
            for _ in 0..<100 {
                group.addTask {
                    await turnstile.pass {
                        room.enter()
                        await Task.yield()
                        room.leave()
                    }
                }
            }
        }
        #expect(room.most == 1 && room.all == 100)
    }

    @Test func `whoever fails leaves the way free`() async {
        struct Failure: Error {}
        let turnstile = Turnstile()
        await #expect(throws: Failure.self) { try await turnstile.pass { throw Failure() } }
        #expect(await turnstile.pass { 7 } == 7)
    }
}
