internal import GRDB
internal import Policy
internal import Synchronization
public import Telemetry

/// The only writer of a record: one SQLite file.
///
/// Callers append to a bounded queue and wait; one writer, on the database's own dispatch queue, takes whatever has
/// arrived, commits it as one transaction with one flush, and wakes them all. The slower the disk, the larger
/// the batches: no delay is ever added to make one.
public final class RecordStore: Sendable {
    private struct State {
        var writer: BatchWriter
        var failure: StoreError?
        var open: Set<RequestID> = []
        /// Completions of open requests that a batch failed with. A caller closes a request once, so without them
        /// its row would stay open to the next start.
        var kept: [RequestID: CompletionRecord] = [:]
    }

    private let configuration: StoreConfiguration
    private let now: @Sendable () -> Timestamp
    private let database: DatabaseQueue
    private let lock: WriterLock
    private let identity: FileIdentity?
    private let queue: CommitQueue
    private let state: Mutex<State>
    private let runID: Int64
    private let metrics: StoreMetrics
    private let allMetrics: HeadgateMetrics?

    /// How many requests the last crash left open; they were closed as failed when the file was opened.
    public let closedAsCrashed: Int
    /// The id that `RequestID.Generator` must continue after; nil in a new file.
    public let lastRequestID: RequestID?

    /// Opens or makes the file, brings it to the current schema and closes what a crash left open.
    ///
    /// - Parameter metrics: what is counted, outcomes by arm included; nil counts nothing.
    /// - Parameter now: tells when outcomes and policy versions arrive.
    public init(
        _ configuration: StoreConfiguration,
        metrics: HeadgateMetrics? = nil,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(StoreError) {
        try createPrivateFile(configuration.path)
        lock = try WriterLock(for: configuration.path)
        identity = FileIdentity(of: configuration.path)
        let opened = try OpenedRecord(configuration, at: now())
        self.configuration = configuration
        self.now = now
        database = opened.database
        runID = opened.runID
        closedAsCrashed = opened.closedAsCrashed
        lastRequestID = opened.lastRequestID
        allMetrics = metrics
        self.metrics = metrics?.store ?? StoreMetrics()
        self.metrics.crashedRequests.set(closedAsCrashed)
        queue = CommitQueue(
            limit: configuration.queueLimit,
            outcomeLimit: configuration.outcomeQueueLimit
        )
        state = Mutex(
            State(
                writer: BatchWriter(
                    dictionaries: opened.dictionaries,
                    outcomeLimit: configuration.outcomeLimit
                )
            )
        )
    }

    /// What the last batch failed with; nil while writing works. A later batch that works clears it.
    public var failure: StoreError? { state.withLock { $0.failure } }

    /// Requests that are written and have not ended.
    public var openRequests: Int { state.withLock { $0.open.count } }

    /// Keeps policy versions; call it before any request is assigned by them.
    public func remember(_ policies: [PolicyRecord]) async throws(StoreError) {
        try await record(InForceChange(policies: policies))
    }

    /// Keeps a change, all of it or nothing; call it before any request is assigned by it.
    public func record(_ change: InForceChange) async throws(StoreError) {
        _ = try await submit(.change(change)).reply().get()
    }

    /// Queues an assignment at once, so that waiting for its commit can overlap the prefill.
    public func beginOpen(_ assignment: AssignmentRecord) throws(StoreError) -> PendingCommit {
        PendingCommit(ticket: try submit(.open(assignment)))
    }

    /// Returns when the assignment is on disk.
    public func open(_ assignment: AssignmentRecord) async throws(StoreError) {
        try await beginOpen(assignment).value()
    }

    /// Returns when the completion is on disk. A request can be closed as soon as its `beginOpen` has returned.
    ///
    /// If it throws what may pass, a full disk or a lock, the request is written as failed with the next batch that
    /// works: its client was told so.
    public func close(_ completion: CompletionRecord) async throws(StoreError) {
        _ = try await submit(.close(completion)).reply().get()
    }

    /// Returns when it is on disk that the request also runs in another mode.
    public func open(_ shadow: ShadowOpening) async throws(StoreError) {
        _ = try await submit(.openShadow(shadow)).reply().get()
    }

    /// Returns when the shadow's end is on disk. One that can't be written stays open to the shutdown or, after a
    /// crash, the next start, which closes it as failed.
    public func close(_ shadow: ShadowCompletion) async throws(StoreError) {
        _ = try await submit(.closeShadow(shadow)).reply().get()
    }

    /// Returns when the outcomes are on disk, with one receipt for each.
    public func record(_ outcomes: [OutcomeRecord]) async throws(StoreError) -> [OutcomeReceipt] {
        try await submit(.outcomes(outcomes)).reply().get()
    }

    /// Refuses new writes, commits those that wait, closes requests nobody closed, and closes the file.
    public func shutdown() async throws(StoreError) {
        guard queue.stop() else { return }
        defer { lock.release() }
        let result = await withCheckedContinuation { waiter in
            database.asyncWriteWithoutTransaction { db in
                self.drain(db)
                waiter.resume(returning: self.finish(db))
            }
        }
        try result.get()
        do { try database.close() } catch { throw StoreError(error, path: configuration.path) }
    }

    /// Runs a statement on the writer's own connection, for tests of faults.
    func execute(_ sql: String) async throws {
        try await database.writeWithoutTransaction { db in try db.execute(sql: sql) }
    }

    /// What the writer's connection says to these pragmas.
    func pragmas(_ names: [String]) async throws -> [String] {
        try await database.writeWithoutTransaction { db in
            try names.compactMap { try String.fetchOne(db, sql: "PRAGMA \($0)") }
        }
    }

    private func submit(_ work: PendingWrite.Work) throws(StoreError) -> Ticket {
        let ticket = Ticket()
        switch queue.append(PendingWrite(work: work, ticket: ticket)) {
        case .queued: break
        case .wake: database.asyncWriteWithoutTransaction { db in self.drain(db) }
        case .full(let limit):
            metrics.refusedWrites.add()
            throw .queueFull(limit: limit)
        case .stopped: throw .stopped
        }
        return ticket
    }

    /// Commits batch after batch until nothing waits.
    private func drain(_ db: Database) {
        while true {
            let batch = queue.takeAll()
            metrics.queue.set(batch.count)
            if batch.isEmpty { return }
            let start = ContinuousClock.now
            let replies = commit(batch, db)
            metrics.commit.observe(ContinuousClock.now - start)
            metrics.batch.observe(Double(batch.count))
            for (write, reply) in zip(batch, replies) { write.ticket.answer(reply) }
        }
    }

    /// Commits one batch, and once that works what earlier ones failed with.
    private func commit(_ batch: [PendingWrite], _ db: Database) -> [CommitReply] {
        state.withLock { state in
            switch write(batch, &state, db) {
            case .success(let replies):
                writeKept(&state, db)
                return replies
            case .failure(let failure):
                for case .close(let completion) in batch.map(\.work) where state.open.contains(completion.id)
                {
                    state.kept[completion.id] = completion.failedToWrite
                }
                return batch.map { _ in .failure(failure) }
            }
        }
    }

    /// Writes the kept completions, in a transaction of their own: one that can never be written must not take every
    /// later batch with it.
    private func writeKept(_ state: inout State, _ db: Database) {
        if state.kept.isEmpty { return }
        let writes = state.kept.values.map { PendingWrite(work: .close($0), ticket: Ticket()) }
        if case .success = write(writes, &state, db) { state.kept = [:] }
    }

    /// One transaction; if any of it can't be written, none of it is.
    private func write(
        _ batch: [PendingWrite],
        _ state: inout State,
        _ db: Database
    ) -> Result<[CommitReply], StoreError> {
        let before = state.writer
        do {
            // SQLite would go on writing to a file that no path leads to any more.
            guard FileIdentity(of: configuration.path) == identity else {
                throw StoreError.moved(path: configuration.path)
            }
            try db.beginTransaction(.immediate)
            let replies = try state.writer.write(batch, at: now(), db)
            try db.commit()
            state.failure = nil
            state.open.formUnion(state.writer.opened)
            state.open.subtract(state.writer.closed)
            metrics.openRequests.set(state.open.count)
            count(state.writer.acceptedOutcomes)
            return .success(replies)
        } catch {
            // After some errors SQLite has rolled back by itself; a second rollback is then refused.
            if db.isInsideTransaction { try? db.rollback() }
            state.writer = before
            let failure = StoreError(error, path: configuration.path)
            state.failure = failure
            metrics.failedCommits.add()
            return .failure(failure)
        }
    }

    private func count(_ outcomes: [BatchWriter.AcceptedOutcome]) {
        guard let allMetrics else { return }
        for outcome in outcomes {
            let arm = allMetrics.arm(policy: outcome.arm.policy.rawValue, arm: outcome.arm.arm.rawValue)
            arm?.outcome(outcome.metric.rawValue, OutcomeClass(outcome.value))
        }
    }

    private func finish(_ db: Database) -> Result<Void, StoreError> {
        state.withLock { writeKept(&$0, db) }
        do {
            try db.inTransaction(.immediate) {
                try OpenedRecord.endOpenRequests(cause: .shutdown, db)
                try db.execute(
                    sql: "UPDATE server_run SET stopped_ms = ? WHERE id = ?",
                    arguments: [now().millisecondsSinceEpoch, runID]
                )
                return .commit
            }
            do {
                _ = try db.checkpoint(.truncate)
            } catch DatabaseError.SQLITE_BUSY {
                // Someone still reads the log. Nothing is lost: the next start reads it too.
            }
            return .success(())
        } catch {
            return .failure(StoreError(error, path: configuration.path))
        }
    }
}

/// A write that is queued but maybe not yet on disk.
public struct PendingCommit: Sendable {
    let ticket: Ticket

    /// Returns when the write is on disk, or throws what became of it. At most one caller may wait.
    public func value() async throws(StoreError) {
        _ = try await ticket.reply().get()
    }
}
