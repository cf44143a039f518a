public import Policy

/// Reads a record without ever writing to it, also while a gateway writes.
public struct RecordReader: Sendable {
    public init(path: String) throws(StoreError) {
        throw StoreError.cannotOpen(path: path, reason: "reading is not there yet")
    }

    /// Every policy version in the record, oldest first.
    public func policies() throws(StoreError) -> [PolicyRecord] { [] }

    /// One entry per arm of every version of a policy, oldest version first, with `metric` as the outcome.
    public func observations(of policy: PolicyID, metric: MetricName) throws(StoreError) -> [ArmObservations] { [] }

    /// One request's life; nil if the record doesn't have it.
    public func request(_ id: RequestID) throws(StoreError) -> StoredRequest? { nil }
}

/// One row, read back.
public struct StoredRequest: Sendable, Hashable {
    public var policy: PolicyID
    public var version: PolicyVersion
    public var arm: ArmID
    public var assigned: ModeName
    public var served: ModeName
    public var subject: SubjectNumber
    public var excluded: Exclusion?
    /// Nil while the request is open.
    public var completion: CompletionRecord?
    /// Every outcome told, oldest first.
    public var outcomes: [OutcomeRecord]
}
