public import Policy

extension SplitPolicy {
    /// What the record keeps of this policy.
    public var record: PolicyRecord {
        PolicyRecord(
            policy: id,
            version: version,
            document: source,
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
