internal import FoundationEssentials
internal import GRDB
public import Policy

extension RecordReader {
    /// What the efforts of each arm of one policy version came to; arms without requests have no entry.
    ///
    /// One pass over the version's ended requests and their candidates, a row at a time. Apart from
    /// `observations`, which a summary reads of all versions and of each metric: those need no candidates.
    public func efforts(
        of policy: PolicyID,
        version: PolicyVersion
    ) throws(StoreError) -> [ArmID: ArmEffort] {
        try read { db in
            var arms: [Int64: ArmID] = [:]
            for row in try Row.fetchAll(
                db,
                sql: Self.armRows,
                arguments: [policy.rawValue, version.rawValue]
            ) {
                arms[row[0]] = ArmID(rawValue: row[1])
            }
            let known = Set(try db.columns(in: "request").map(\.name))
            // A file that no gateway of the second schema has opened yet tells nothing here, but can be read.
            let added = ["cached_tokens", "stopped_by", "nested"].map { known.contains($0) ? $0 : "NULL" }
            let rows = try Row.fetchCursor(
                db,
                sql: Self.effortRows(added),
                arguments: ["policy": policy.rawValue, "version": version.rawValue]
            )
            var efforts: [ArmID: ArmEffort] = [:]
            while let row = try rows.next() {
                guard let arm = arms[row[0]] else { continue }
                try add(row, to: &efforts[arm, default: ArmEffort()])
            }
            return efforts
        }
    }

    private func add(_ row: Row, to effort: inout ArmEffort) throws {
        let (id, isDegraded, winner): (Int64, Bool, Int?) = (row[1], row[2], row[3])
        if let prompt: Int = row[4], let cached: Int = row[5] {
            effort.promptTokens += prompt
            effort.cachedTokens += cached
        }
        if let stop = (row[6] as Int64?).flatMap(RecordedStop.init(code:)) {
            effort.stopped[stop, default: 0] += 1
        }
        guard let packed: Data = row[8] else { return }
        guard let tallies = ArmEffort.CandidateTallies([UInt8](packed), winner: winner) else {
            throw StoreError.inconsistent(
                path: path,
                what: "the candidates of request row \(id) can't be read"
            )
        }
        effort.add(tallies)
        guard !isDegraded, let score = tallies.winnerScore, let nested: Int64 = row[7] else { return }
        effort.add(NestedPicks(packed: nested), pickScore: score)
    }

    private static let armRows = """
        SELECT arm.id, name FROM arm JOIN policy_version ON policy_version.id = policy_version
        WHERE policy = ? AND version = ?
        """

    private static func effortRows(_ added: [String]) -> String {
        """
        SELECT
            arm, id, assigned_mode <> served_mode, winner, prompt_tokens,
            \(added.joined(separator: ", ")), packed
        FROM request
        LEFT JOIN candidate ON candidate.request = request.id
        WHERE excluded = \(Exclusion.countedCode) AND state <> \(TerminalState.openCode) AND arm IN (
            SELECT arm.id FROM arm JOIN policy_version ON policy_version.id = policy_version
            WHERE policy = :policy AND version = :version
        )
        ORDER BY id
        """
    }
}
