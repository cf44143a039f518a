internal import GRDB
public import Policy

extension RecordReader {
    /// How many subjects of each arm had a request that failed, under one version of a policy since a time.
    ///
    /// Failures are as elsewhere: every end but `completed` and `client_gone`, and rejections only for overload.
    public func failingSubjects(
        of policy: PolicyID,
        version: PolicyVersion,
        since: Timestamp
    ) throws(StoreError) -> [ArmID: Int] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT arm.name, count(DISTINCT subject)
                    FROM request JOIN arm ON arm.id = request.arm
                    JOIN policy_version ON policy_version.id = arm.policy_version
                    WHERE policy_version.policy = ? AND policy_version.version = ? AND excluded = ?
                        AND request.id >= ?
                        AND (state IN (?, ?) OR (state = ? AND cause = ?))
                    GROUP BY arm.name
                    """,
                arguments: [
                    policy.rawValue, version.rawValue, Exclusion.countedCode,
                    RequestID.leastKey(at: since), TerminalState.failed.code,
                    TerminalState.deadline.code, TerminalState.rejected.code, EndCause.overload.code,
                ]
            )
            return Dictionary(uniqueKeysWithValues: rows.map { (ArmID(rawValue: $0[0]), $0[1]) })
        }
    }
}
