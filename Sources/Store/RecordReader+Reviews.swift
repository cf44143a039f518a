internal import FoundationEssentials
internal import GRDB
public import Policy

/// A request that waits for a person's label.
public struct WaitingReview: Sendable, Hashable {
    public var request: RequestID
    public var policy: PolicyID
    public var version: PolicyVersion
    public var arm: ArmID
    /// Of the answer; nil where nothing scored it.
    public var score: Double?
    public var reason: ReviewReason
}

extension RecordReader {
    /// The requests that wait for a label, the oldest first. One that has an outcome of source `human`, whatever the
    /// metric, waits no more.
    public func waitingReviews(of policy: PolicyID? = nil, limit: Int) throws(StoreError) -> [WaitingReview] {
        try read { db in
            guard try db.tableExists("review") else { return [] }
            return try Row.fetchAll(
                db,
                sql: Self.waitingRows,
                arguments: [
                    "policy": policy?.rawValue, "human": OutcomeSource.human.code, "limit": limit,
                ]
            ).map { try review($0) }
        }
    }

    private func review(_ row: Row) throws -> WaitingReview {
        let id = RequestID(key: row["id"], tail: row["tail"])
        guard let reason = ReviewReason(code: row["reason"]) else {
            throw StoreError.inconsistent(path: path, what: "the review of request \(id) has no known reason")
        }
        let winner: Int? = row["winner"]
        let candidates = (row["packed"] as Data?).flatMap { CandidateCoding.unpack([UInt8]($0)) } ?? []
        return WaitingReview(
            request: id,
            policy: PolicyID(rawValue: row["policy"]),
            version: PolicyVersion(rawValue: row["version"]),
            arm: ArmID(rawValue: row["arm_name"]),
            score: winner.flatMap { candidates.indices.contains($0) ? candidates[$0].score : nil },
            reason: reason
        )
    }

    /// The words of a request; nil where none were kept.
    public func capturedText(of id: RequestID) throws(StoreError) -> CapturedText? {
        try read { db in
            guard try db.tableExists("capture") else { return nil }
            return try Row.fetchOne(
                db,
                sql: """
                    SELECT prompt, answer, is_cut FROM capture JOIN request ON request.id = request
                    WHERE request.id = ? AND tail = ?
                    """,
                arguments: [id.key, id.tail]
            ).map { CapturedText(prompt: $0["prompt"], answer: $0["answer"], isCut: $0["is_cut"]) }
        }
    }

    private static let waitingRows = """
        SELECT request.id, tail, reason, policy, version, arm.name AS arm_name, winner, packed
        FROM review
        JOIN request ON request.id = review.request
        JOIN arm ON arm.id = arm
        JOIN policy_version ON policy_version.id = arm.policy_version
        LEFT JOIN candidate ON candidate.request = request.id
        WHERE (:policy IS NULL OR policy = :policy)
            AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.request = request.id AND source = :human)
        ORDER BY request.id LIMIT :limit
        """
}
