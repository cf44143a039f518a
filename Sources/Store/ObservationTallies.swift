internal import GRDB
internal import Policy

/// Sums request rows into arms and subjects while they stream by.
struct ObservationTallies {
    fileprivate struct Arm {
        var observed: ArmObservations
        var positions: [SubjectNumber: Int] = [:]
    }

    private var arms: [Int64: Arm] = [:]
    private var order: [Int64] = []

    init(_ db: Database, policy: PolicyID) throws {
        for row in try Row.fetchAll(
            db,
            sql: """
                SELECT arm.id, name, version, is_control, share_basis_points
                FROM arm JOIN policy_version ON policy_version.id = policy_version
                WHERE policy = ? ORDER BY arm.id
                """,
            arguments: [policy.rawValue]
        ) {
            order.append(row["id"])
            arms[row["id"]] = Arm(
                observed: ArmObservations(
                    policy: policy,
                    version: PolicyVersion(rawValue: row["version"]),
                    arm: ArmID(rawValue: row["name"]),
                    isControl: row["is_control"],
                    basisPoints: row["share_basis_points"]
                )
            )
        }
    }

    /// Takes a row of `RecordReader.observationRows`; rows come in the order of their assignment.
    mutating func add(_ row: Row) {
        let arm: Int64 = row[1]
        arms[arm]?.add(ObservedRow(row))
    }

    func finished() -> [ArmObservations] {
        var armsOfSubject: [SubjectNumber: Set<ArmID>] = [:]
        for id in order {
            guard let arm = arms[id] else { continue }
            for subject in arm.positions.keys { armsOfSubject[subject, default: []].insert(arm.observed.arm) }
        }
        return order.compactMap { id in
            guard let arm = arms[id] else { return nil }
            var observed = arm.observed
            observed.crossedOver = arm.positions.keys.count { armsOfSubject[$0, default: []].count > 1 }
            observed.latencies.sort { $0.value < $1.value }
            observed.firstTokens.sort { $0.value < $1.value }
            return observed
        }
    }

    fileprivate struct ObservedRow {
        let time: Timestamp
        let subject: SubjectNumber
        let isExcluded: Bool
        let state: TerminalState?
        let isDegraded: Bool
        let latency: Int64?
        let firstToken: Int64?
        let promptTokens: Double
        let candidateTokens: Double
        let cpuSeconds: Double
        let outcome: Double?
        let cause: EndCause?

        /// Whether the arm is to blame: a client that left, or whose prompt could never fit, is not its failure.
        var isFailure: Bool {
            switch state {
            case .deadline, .failed: true
            case .rejected: cause == .overload
            case .completed, .clientGone, nil: false
            }
        }

        init(_ row: Row) {
            time = Timestamp(millisecondsSinceEpoch: (row[0] as Int64) >> 12)
            subject = SubjectNumber(rawValue: row[2])
            isExcluded = row[3] as Int64 != Exclusion.countedCode
            state = TerminalState(code: row[4])
            isDegraded = row[5]
            latency = row[6]
            firstToken = row[7]
            promptTokens = row[8]
            candidateTokens = row[9]
            cpuSeconds = (row[10] as Double) / 1_000_000
            outcome = row[11]
            cause = (row[12] as Int64?).flatMap(EndCause.init(code:))
        }
    }
}

extension ObservationTallies.Arm {
    fileprivate mutating func add(_ row: ObservationTallies.ObservedRow) {
        if row.isExcluded {
            observed.excluded += 1
            return
        }
        observed.firstAssigned = observed.firstAssigned ?? row.time
        observed.lastAssigned = row.time
        if row.isDegraded { observed.degraded += 1 }
        if let state = row.state { observed.ended[state, default: 0] += 1 } else { observed.open += 1 }
        addToSubject(row)
        guard row.state == .completed else { return }
        if let latency = row.latency {
            observed.latencies.append(SubjectSample(value: Double(latency) / 1_000, subject: row.subject))
        }
        if let firstToken = row.firstToken {
            observed.firstTokens.append(
                SubjectSample(value: Double(firstToken) / 1_000, subject: row.subject)
            )
        }
    }

    private mutating func addToSubject(_ row: ObservationTallies.ObservedRow) {
        let position: Int
        if let known = positions[row.subject] {
            position = known
        } else {
            position = observed.subjects.count
            positions[row.subject] = position
            observed.subjects.append(SubjectTotals(subject: row.subject, firstAssigned: row.time))
        }
        observed.subjects[position].add(row)
    }
}

extension SubjectTotals {
    fileprivate mutating func add(_ row: ObservationTallies.ObservedRow) {
        requests += 1
        if row.isFailure { failures += 1 }
        if let outcome = row.outcome {
            withOutcome += 1
            outcomeSum += outcome
            outcomeSquares += outcome * outcome
        }
        promptTokens += row.promptTokens
        candidateTokens += row.candidateTokens
        candidateTokenSquares += row.candidateTokens * row.candidateTokens
        cpuSeconds += row.cpuSeconds
        cpuSecondSquares += row.cpuSeconds * row.cpuSeconds
    }
}
