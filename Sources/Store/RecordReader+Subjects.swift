internal import GRDB
public import Policy

extension RecordReader {
    /// How many subjects count for a policy, over all its versions; a request that named none is one of them.
    ///
    /// How many, and not which: the record keeps the beginnings of their digests, from which nobody can compute the
    /// arm that another policy version would give them.
    public func subjectCount(of policy: PolicyID) throws(StoreError) -> Int {
        try read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(DISTINCT subject) FROM request
                    WHERE excluded = ? AND arm IN (
                        SELECT arm.id FROM arm JOIN policy_version ON policy_version.id = policy_version
                        WHERE policy = ?
                    )
                    """,
                arguments: [Exclusion.countedCode, policy.rawValue]
            ) ?? 0
        }
    }
}
