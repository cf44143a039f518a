/// The only writer of a record: one SQLite file.
///
/// Callers append to a bounded queue and wait; one writer takes whatever has arrived, commits it as one
/// transaction with one flush, and wakes them all.
public final class RecordStore: Sendable {
    /// Opens or makes the file, brings it to the current schema and closes what a crash left open.
    public init(_ configuration: StoreConfiguration) throws(StoreError) {
        throw StoreError.cannotOpen(path: configuration.path, reason: "writing is not there yet")
    }

    /// Keeps policy versions; call it before any request is assigned by them.
    public func remember(_ policies: [PolicyRecord]) async throws(StoreError) {}

    /// Queues an assignment at once, so that waiting for its commit can overlap the prefill.
    public func beginOpen(_ assignment: AssignmentRecord) throws(StoreError) -> PendingCommit {
        PendingCommit()
    }

    /// Returns when the assignment is on disk.
    public func open(_ assignment: AssignmentRecord) async throws(StoreError) {
        try await beginOpen(assignment).value()
    }

    /// Returns when the completion is on disk. A request can be closed as soon as its `beginOpen` has returned.
    public func close(_ completion: CompletionRecord) async throws(StoreError) {}

    /// Returns when the outcomes are on disk, with one receipt for each.
    public func record(_ outcomes: [OutcomeRecord]) async throws(StoreError) -> [OutcomeReceipt] { [] }

    /// Runs until the task is cancelled or the service group shuts down, then drains, checkpoints and closes.
    public func run() async throws(StoreError) {}
}

/// A write that is queued but maybe not yet on disk.
public struct PendingCommit: Sendable {
    /// Returns when the write is on disk, or throws what became of it.
    public func value() async throws(StoreError) {}
}
