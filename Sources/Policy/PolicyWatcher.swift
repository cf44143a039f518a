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
        /// What was loaded last and is in force.
        var documents: PolicySet
        /// The contents that were last loaded or refused.
        var settled: [UInt8]?
        /// The contents of the last look.
        var seen: [UInt8]?
        /// Whether the settled contents are valid and could not be put into force.
        var isPending = false
    }

    /// What a look found, before anything is done about it.
    private enum Finding {
        case unchanged
        case valid(PolicySet)
        case broken(PolicyProblems)
    }

    let folder: String
    let read: @Sendable () -> Result<[PolicyFile], PolicyProblems>
    let prepare: @Sendable (PolicySet, PolicyAuthor) async -> PolicyProblem?
    let onReload: @Sendable (PolicyReload) -> Void
    /// What is looked at, or edited, is in force or refused before the next look or edit begins.
    let turnstile = Turnstile()
    private let activate: @Sendable (PolicySet) -> Void
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let check: @Sendable (PolicySet) -> [PolicyProblem]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - loaded: the folder's policies as they were loaded at start.
    ///   - read: replaces the reading of the folder.
    ///   - check: finds what the rest of the program can't do of a valid folder.
    ///   - prepare: readies the rest of the program for a new set before any request can meet it, such as
    ///     by recording its versions; a problem keeps the old set in force.
    ///   - activate: puts a prepared set into force, where `prepare` has not.
    ///   - onReload: is told of every load and every refusal, each once.
    public init(
        folder: String,
        loaded: PolicySet,
        interval: Duration = PolicyWatcher.defaultInterval,
        clock: any Clock<Duration> = ContinuousClock(),
        read: (@Sendable () -> Result<[PolicyFile], PolicyProblems>)? = nil,
        check: @escaping @Sendable (PolicySet) -> [PolicyProblem] = { _ in [] },
        prepare: @escaping @Sendable (PolicySet, PolicyAuthor) async -> PolicyProblem? = { _, _ in nil },
        activate: @escaping @Sendable (PolicySet) -> Void = { _ in },
        onReload: @escaping @Sendable (PolicyReload) -> Void
    ) {
        self.folder = folder
        state = Mutex(State(documents: loaded))
        self.activate = activate
        self.interval = interval
        self.clock = clock
        self.read = read ?? { PolicyWatcher.contents(of: PolicyFolder(path: folder)) }
        self.check = check
        self.prepare = prepare
        self.onReload = onReload
    }

    /// What the folder held when it was loaded last, each document as it was written.
    public var documents: PolicySet { state.withLock { $0.documents } }

    /// Watches until its task is cancelled.
    public func run() async throws {
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: interval)
            } catch is CancellationError {
                return
            }
            await poll()
        }
    }

    /// One look: loads a change once two looks in a row have seen it alike.
    ///
    /// The second look is there for a file that is being written: half of a document can be a valid one.
    @discardableResult
    public func poll() async -> PolicyReload {
        await turnstile.pass { await self.act(on: self.look(settling: true)) }
    }

    /// Loads the folder as it is now, as a signal or a person asks for.
    ///
    /// A set that could not be prepared before is tried again, though the folder has not changed.
    @discardableResult
    public func reload() async -> PolicyReload {
        await turnstile.pass { await self.act(on: self.look(settling: false)) }
    }

    private func look(settling: Bool) -> Finding {
        state.withLock { state in
            let contents = read()
            let digest = PolicyWatcher.digest(of: contents)
            let isStable = !settling || state.seen == digest
            state.seen = digest
            let isRetry = !settling && state.isPending
            guard isStable, digest != state.settled || isRetry else { return .unchanged }
            let isFirst = state.settled == nil
            state.settled = digest
            state.isPending = false
            do throws(PolicyProblems) {
                let set = try checked(contents.get(), knowing: state.documents)
                // What the start has loaded needs no word when the first look finds it again.
                if isFirst, set == state.documents { return .unchanged }
                return .valid(set)
            } catch {
                return .broken(error)
            }
        }
    }

    private func act(on finding: Finding) async -> PolicyReload {
        switch finding {
        case .unchanged:
            return .unchanged
        case .broken(let problems):
            onReload(.refused(problems))
            return .refused(problems)
        case .valid(let set):
            if let problem = await prepare(set, .file) {
                state.withLock { $0.isPending = true }
                let refused = PolicyReload.refused(PolicyProblems([problem]))
                onReload(refused)
                return refused
            }
            bringIntoForce(set)
            return .loaded(set)
        }
    }

    /// Reads the documents as a start would, those that are in force already excepted.
    func checked(_ files: [PolicyFile], knowing known: PolicySet) throws(PolicyProblems) -> PolicySet {
        let set = try PolicySet(files: files, folder: folder, reusing: known)
        let problems = check(set)
        guard problems.isEmpty else { throw PolicyProblems(problems) }
        return set
    }

    /// Puts a prepared set into force.
    func bringIntoForce(_ set: PolicySet) {
        activate(set)
        state.withLock { $0.documents = set }
        onReload(.loaded(set))
    }

    /// Takes these contents for known, so that the next look doesn't find them.
    func settle(on files: [PolicyFile], isPending: Bool = false) {
        let digest = PolicyWatcher.digest(of: .success(files))
        state.withLock { state in
            (state.settled, state.seen) = (digest, digest)
            state.isPending = isPending
        }
    }

    private static func contents(of folder: PolicyFolder) -> Result<[PolicyFile], PolicyProblems> {
        do {
            return .success(try folder.files())
        } catch {
            return .failure(error)
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
