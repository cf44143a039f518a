public import Policy

extension SplitPolicy {
    /// What the record keeps of this policy.
    ///
    /// - Parameter original: the document as it was written; nil if nobody wrote this one.
    public func record(original: String? = nil) -> PolicyRecord {
        PolicyRecord(
            policy: id,
            version: version,
            document: source,
            original: original,
            arms: arms.map { arm in
                PolicyRecord.Arm(
                    id: arm.id,
                    isControl: arm.id == control.id,
                    basisPoints: arm.share.basisPoints
                )
            },
            metrics: metrics.map { PolicyRecord.Metric(name: $0.name, isBinary: $0.kind == .binary) }
        )
    }
}
