internal import Crypto
internal import Synchronization

/// Puts a policy folder's changes into force: all of a valid folder, or nothing of a broken one.
///
/// It looks at the contents and not at file events or times, which makes it indifferent to how an editor
/// saves, to links that a ConfigMap swaps, and to file systems that send no events. A handful of small
/// files read every 50 ms is work that cannot be measured beside a model.
public final class PolicyWatcher: Sendable {
    /// A change is in force after two looks that agree, so within 100 ms of the end of the write.
    public static let defaultInterval = Duration.milliseconds(50)

    private struct State {
        var settled: [UInt8]?
        var seen: [UInt8]?
    }

    private let folder: String
    private let active: ActivePolicies
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let read: @Sendable () -> Result<[PolicyFile], PolicyProblems>
    private let onReload: @Sendable (PolicyReload) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - active: what is replaced; holds the folder's policies as they were loaded at start.
    ///   - read: replaces the reading of the folder.
    ///   - onReload: is told of every load and every refusal, each once, before the next look.
    public init(
        folder: String,
        active: ActivePolicies,
        interval: Duration = PolicyWatcher.defaultInterval,
        clock: any Clock<Duration> = ContinuousClock(),
        read: (@Sendable () -> Result<[PolicyFile], PolicyProblems>)? = nil,
        onReload: @escaping @Sendable (PolicyReload) -> Void
    ) {
        self.folder = folder
        self.active = active
        self.interval = interval
        self.clock = clock
        self.read = read ?? { PolicyWatcher.contents(of: PolicyFolder(path: folder)) }
        self.onReload = onReload
    }

    /// Watches until its task is cancelled.
    public func run() async throws {
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: interval)
            } catch is CancellationError {
                return
            }
            poll()
        }
    }

    /// One look: loads a change once two looks in a row have seen it alike.
    ///
    /// The second look is there for a file that is being written: half of a document can be a valid one.
    @discardableResult
    public func poll() -> PolicyReload {
        look(settling: true)
    }

    /// Loads the folder as it is now, as a signal or a person asks for.
    @discardableResult
    public func reload() -> PolicyReload {
        look(settling: false)
    }

    private func look(settling: Bool) -> PolicyReload {
        // The lock is held while the folder is read and the set swapped: two looks at once could otherwise
        // put the older of two states into force last.
        let reload = state.withLock { state -> PolicyReload in
            let contents = read()
            let digest = PolicyWatcher.digest(of: contents)
            let isStable = !settling || state.seen == digest
            state.seen = digest
            guard isStable, digest != state.settled else { return .unchanged }
            let isFirst = state.settled == nil
            state.settled = digest
            return load(contents, isFirst: isFirst)
        }
        if case .unchanged = reload { return reload }
        onReload(reload)
        return reload
    }

    private static func contents(of folder: PolicyFolder) -> Result<[PolicyFile], PolicyProblems> {
        do {
            return .success(try folder.files())
        } catch {
            return .failure(error)
        }
    }

    private func load(_ contents: Result<[PolicyFile], PolicyProblems>, isFirst: Bool) -> PolicyReload {
        do {
            let set = try PolicySet(files: contents.get(), folder: folder)
            // What the start has loaded needs no word when the first look finds it again.
            if isFirst, set == active.current { return .unchanged }
            active.replace(with: set)
            return .loaded(set)
        } catch {
            return .refused(error)
        }
    }

    private static func digest(of contents: Result<[PolicyFile], PolicyProblems>) -> [UInt8] {
        var hash = SHA256()
        switch contents {
        case .success(let files):
            for file in files {
                hash.update(data: Array("\(file.name.utf8.count) \(file.bytes.count) \(file.name)".utf8))
                hash.update(data: file.bytes)
            }
        case .failure(let problems):
            hash.update(data: Array("unreadable \(problems)".utf8))
        }
        return Array(hash.finalize())
    }
}
