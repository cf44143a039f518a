import Foundation
import Policy
import Synchronization
import Testing

@Suite struct PolicyWatcherTests {
    /// A folder in memory and what the watcher said about it.
    private final class Fixture: Sendable {
        let files: Mutex<[PolicyFile]>
        let heard = Mutex<[String]>([])
        let active: ActivePolicies

        init() throws {
            let first = PolicyFile(name: "a.yaml", bytes: Array(document().utf8))
            files = Mutex([first])
            active = ActivePolicies(try PolicySet(files: [first], folder: "f"))
        }

        func write(_ texts: String...) {
            files.withLock { files in
                files = texts.enumerated().map { PolicyFile(name: "\($0).yaml", bytes: Array($1.utf8)) }
            }
        }

        func watcher(
            check: @escaping @Sendable (PolicySet) -> [PolicyProblem] = { _ in [] },
            prepare: @escaping @Sendable (PolicySet) async -> PolicyProblem? = { _ in nil }
        ) -> PolicyWatcher {
            PolicyWatcher(
                folder: "f",
                loaded: active.current,
                clock: EagerClock(),
                read: { [self] in .success(files.withLock { $0 }) },
                check: check,
                prepare: { set, _ in await prepare(set) },
                activate: { [self] in active.replace(with: $0) },
                onReload: { [self] reload in heard.withLock { $0.append(Fixture.word(reload)) } }
            )
        }

        static func word(_ reload: PolicyReload) -> String {
            switch reload {
            case .loaded(let set): "loaded \(set.policies.map(\.id.rawValue).joined(separator: " "))"
            case .unchanged: "unchanged"
            case .refused(let problems): "refused \(problems.problems.count)"
            }
        }

        var said: [String] { heard.withLock { $0 } }
    }

    @Test func `a folder that is as it was at start needs no word`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        await watcher.poll()
        await watcher.poll()
        await watcher.reload()
        #expect(fixture.said == [])
    }

    @Test func `a change is in force after two looks that agree`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        let before = fixture.active.current
        fixture.write(document(name: "b"))
        await watcher.poll()
        #expect(fixture.active.current == before)
        await watcher.poll()
        #expect(fixture.active.current.policies.map(\.id) == ["b"])
        await watcher.poll()
        #expect(fixture.said == ["loaded b"])
    }

    @Test func `a file that is still being written is not loaded`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        for count in 1...5 {
            fixture.write(document(name: "n\(count)"))
            await watcher.poll()
        }
        #expect(fixture.said == [])
        await watcher.poll()
        #expect(fixture.said == ["loaded n5"])
    }

    @Test func `a reload on demand loads at once`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        fixture.write(document(name: "b"))
        await watcher.reload()
        #expect(fixture.said == ["loaded b"])
    }

    @Test func `one broken file keeps the whole old folder and is said once`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        let before = fixture.active.current
        fixture.write(document(name: "b"), document(name: "c", priority: 11) + "spelling: 1\nsalt: [")
        for _ in 0..<5 { await watcher.poll() }
        #expect(fixture.said == ["refused 1"])
        #expect(fixture.active.current == before)
    }

    @Test func `a repaired folder is loaded though it equals what is in force`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher()
        await watcher.reload()
        let good = fixture.files.withLock { $0 }
        fixture.write("policy: [")
        await watcher.reload()
        fixture.files.withLock { $0 = good }
        await watcher.reload()
        #expect(fixture.said == ["refused 1", "loaded p"])
    }

    @Test func `the watch polls the folder until it is cancelled`() async throws {
        let fixture = try Fixture()
        let (loads, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .unbounded)
        let watcher = PolicyWatcher(
            folder: "f",
            loaded: fixture.active.current,
            clock: EagerClock(),
            read: { .success(fixture.files.withLock { $0 }) },
            onReload: { continuation.yield(Fixture.word($0)) }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watcher.run() }
            var heard = loads.makeAsyncIterator()
            fixture.write(document(name: "b"))
            #expect(await heard.next() == "loaded b")
            fixture.write(document(name: "c"))
            #expect(await heard.next() == "loaded c")
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `a folder on disk is watched by its contents`() async throws {
        let fixture = try Fixture()
        try await withFolder(["a.yaml": document()]) { folder in
            let watcher = PolicyWatcher(
                folder: folder.path(percentEncoded: false),
                loaded: fixture.active.current,
                onReload: { reload in fixture.heard.withLock { $0.append(Fixture.word(reload)) } }
            )
            try write(document(name: "b"), to: folder.appending(path: "a.yaml"))
            await watcher.reload()
            try write(document(name: "c", priority: 3), to: folder.appending(path: "b.yaml"))
            await watcher.reload()
        }
        #expect(fixture.said == ["loaded b", "loaded c b"])
    }

    @Test func `a set is prepared before a request can meet it`() async throws {
        let fixture = try Fixture()
        let watcher = fixture.watcher(prepare: { set in
            let inForce = fixture.active.current.policies.map(\.id.rawValue)
            fixture.heard.withLock { $0.append("prepare \(set.policies.map(\.id)) while \(inForce)") }
            return nil
        })
        fixture.write(document(name: "b"))
        await watcher.reload()
        #expect(fixture.said == [#"prepare [b] while ["p"]"#, "loaded b"])
    }

    @Test func `a set that cannot be prepared is refused and tried again when asked for`() async throws {
        let fixture = try Fixture()
        let fails = Mutex(true)
        let watcher = fixture.watcher(prepare: { _ in
            let problem = PolicyProblem(file: "f", message: "no record", fix: "free the disk")
            return fails.withLock { $0 } ? problem : nil
        })
        fixture.write(document(name: "b"))
        for _ in 0..<4 { await watcher.poll() }
        #expect(fixture.said == ["refused 1"])
        #expect(fixture.active.current.policies.map(\.id) == ["p"])
        fails.withLock { $0 = false }
        await watcher.reload()
        #expect(fixture.said == ["refused 1", "loaded b"])
    }

    @Test func `a look that comes while another is acted upon waits for it`() async throws {
        let fixture = try Fixture()
        let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        let watcher = fixture.watcher(prepare: { set in
            arrived.yield()
            if set.policies.first?.id == "slow" { for await _ in gate {} }
            return nil
        })
        fixture.write(document(name: "slow"))
        async let first = watcher.reload()
        _ = await arrivals.first { _ in true }
        fixture.write(document(name: "later"))
        async let second = watcher.reload()
        opener.finish()
        _ = await (first, second)
        #expect(fixture.said == ["loaded slow", "loaded later"])
        #expect(fixture.active.current.policies.map(\.id) == ["later"])
    }

    @Test func `what the program can't do of a valid folder keeps the old one, all of it said`() async throws
    {
        let fixture = try Fixture()
        let problem = PolicyProblem(file: "f", message: "too much", fix: "less")
        let watcher = fixture.watcher(check: { $0.policies.first?.id == "b" ? [problem, problem] : [] })
        fixture.write(document(name: "b"))
        await watcher.reload()
        #expect(fixture.said == ["refused 2"])
        #expect(fixture.active.current.policies.map(\.id) == ["p"])
    }

    @Test func `a reader keeps the set that it began with`() async throws {
        let fixture = try Fixture()
        let began = fixture.active.current
        fixture.write(document(name: "b"))
        await fixture.watcher().reload()
        #expect(began.policies.map(\.id) == ["p"])
        #expect(fixture.active.current.policies.map(\.id) == ["b"])
    }
}

/// A clock on which every sleep is over at once; other tasks get their turn in between.
private struct EagerClock: Clock {
    typealias Instant = ContinuousClock.Instant

    private let start = ContinuousClock.now

    var now: Instant { start }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        await Task.yield()
    }
}
