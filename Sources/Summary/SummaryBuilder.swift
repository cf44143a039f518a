public import Policy
public import Store

/// Reads a record and computes the summary of one policy.
public struct SummaryBuilder: Sendable {
    private let reader: RecordReader

    public init(reader: RecordReader) {
        self.reader = reader
    }

    /// The summary of one version of one policy, as of `now`.
    ///
    /// Without a policy it is the one with the latest traffic, without a version the one with the latest traffic
    /// of that policy. With `since`, what was assigned before counts for nothing. Other versions are listed and never pooled with it: shares and modes differ between them.
    public func report(
        of wanted: PolicyID? = nil,
        version: PolicyVersion? = nil,
        since: Timestamp? = nil,
        asOf now: Timestamp
    ) throws(SummaryError) -> SummaryReport {
        let records = try reading { reader throws(StoreError) in try reader.policies() }
        guard !records.isEmpty else { throw .emptyRecord }
        let known = records.map(\.policy).reduce(into: [PolicyID]()) { if !$0.contains($1) { $0.append($1) } }
        if let wanted, !known.contains(wanted) { throw .unknownPolicy(wanted, known: known) }
        let candidates = try known.filter { wanted == nil || $0 == wanted }.map { id throws(SummaryError) in
            try PolicyTraffic(records: records.filter { $0.policy == id }, since: since, reader: self)
        }
        guard let traffic = candidates.max(by: { ($0.last ?? .distantPast) < ($1.last ?? .distantPast) })
        else {
            throw .emptyRecord
        }
        let shown =
            try version.map { version throws(SummaryError) in
                guard let record = traffic.records.first(where: { $0.version == version }) else {
                    throw SummaryError.unknownVersion(
                        version,
                        of: traffic.policy.id,
                        known: traffic.records.map(\.version)
                    )
                }
                return record
            } ?? traffic.current
        return try report(shown, traffic: traffic, others: candidates, since: since, now: now)
    }

    private func report(
        _ shown: PolicyRecord,
        traffic: PolicyTraffic,
        others: [PolicyTraffic],
        since: Timestamp?,
        now: Timestamp
    ) throws(SummaryError) -> SummaryReport {
        let judged = try JudgedPolicy(shown.validated())
        var observations: [MetricName: [ArmID: ArmObservations]] = [:]
        for metric in judged.metrics.map(\.name) {
            let all =
                metric == traffic.metric
                ? traffic.observations : try self.observations(shown.policy, metric, since)
            let ours = all.filter { $0.version == shown.version }.map { ($0.arm, $0) }
            observations[metric] = Dictionary(ours) { first, _ in first }
        }
        let efforts = try reading { reader throws(StoreError) in
            try reader.efforts(of: shown.policy, version: shown.version)
        }
        let shadows = try reading { reader throws(StoreError) in
            try reader.shadows(of: shown.policy, version: shown.version, since: since)
        }
        let analysis = VersionAnalysis(
            judged: judged,
            observations: observations,
            efforts: efforts,
            shadows: shadows,
            now: now
        )
        return analysis.report(
            versions: traffic.versions(shown: shown.version),
            notes: notes(shown, traffic: traffic, others: others)
        )
    }

    private func notes(_ shown: PolicyRecord, traffic: PolicyTraffic, others: [PolicyTraffic]) -> [String] {
        var notes: [String] = []
        let busy = others.filter { $0.policy.id != traffic.policy.id && $0.last != nil }
        if !busy.isEmpty {
            let names = busy.map { $0.policy.id.rawValue }.joined(separator: ", ")
            notes.append("other policies with traffic: \(names)")
        }
        let requests = traffic.requests(of: shown.version)
        if requests == 0 { notes.append("version \(shown.version) has had no request yet") }
        let older = traffic.records.filter {
            $0.version != shown.version && traffic.requests(of: $0.version) > 0
        }
        if !older.isEmpty {
            notes.append(
                "\(older.count) other version(s) with traffic are listed and not counted: versions are never pooled"
            )
        }
        return notes
    }

    func observations(
        _ policy: PolicyID,
        _ metric: MetricName,
        _ since: Timestamp?
    ) throws(SummaryError) -> [ArmObservations] {
        try reading { reader throws(StoreError) in
            try reader.observations(of: policy, metric: metric, since: since)
        }
    }

    private func reading<Value>(
        _ body: (RecordReader) throws(StoreError) -> Value
    ) throws(SummaryError) -> Value {
        do {
            return try body(reader)
        } catch {
            throw .record(error)
        }
    }
}

/// One policy's versions with their traffic.
private struct PolicyTraffic {
    /// Oldest first.
    let records: [PolicyRecord]
    /// The newest document.
    let policy: SplitPolicy
    let metric: MetricName
    let observations: [ArmObservations]

    init(records: [PolicyRecord], since: Timestamp?, reader: SummaryBuilder) throws(SummaryError) {
        guard let newest = records.last else { throw .emptyRecord }
        self.records = records
        policy = try newest.validated()
        metric = try JudgedPolicy(policy).metric.name
        observations = try reader.observations(newest.policy, metric, since)
    }

    /// The last assignment under any version.
    var last: Timestamp? { observations.compactMap(\.lastAssigned).max() }

    /// The version of the last assignment; without any, the newest.
    var current: PolicyRecord {
        let latest = observations.max {
            ($0.lastAssigned ?? .distantPast) < ($1.lastAssigned ?? .distantPast)
        }
        let version = last == nil ? policy.version : latest?.version
        return records.first { $0.version == version } ?? records[records.count - 1]
    }

    func requests(of version: PolicyVersion) -> Int {
        observations.filter { $0.version == version }.reduce(0) { $0 + $1.requests }
    }

    func versions(shown: PolicyVersion) -> [VersionSummary] {
        records.map { record in
            let arms = observations.filter { $0.version == record.version }
            let shares = record.arms.map { ($0.id.rawValue, Double($0.basisPoints) / 10_000) }
            return VersionSummary(
                version: record.version.rawValue,
                shown: record.version == shown,
                subjects: arms.reduce(0) { $0 + $1.subjects.count },
                requests: arms.reduce(0) { $0 + $1.requests },
                shares: Dictionary(shares) { first, _ in first },
                firstAssigned: arms.compactMap(\.firstAssigned).min()?.iso8601,
                lastAssigned: arms.compactMap(\.lastAssigned).max()?.iso8601
            )
        }
    }
}

extension PolicyRecord {
    /// The policy that the kept document says.
    fileprivate func validated() throws(SummaryError) -> SplitPolicy {
        do {
            return try SplitPolicy(yaml: document, file: "\(policy)@\(version)")
        } catch {
            throw .unreadablePolicy(policy, version, reason: "\(error)")
        }
    }
}

extension Timestamp {
    /// Before any assignment.
    fileprivate static let distantPast = Timestamp(millisecondsSinceEpoch: .min)
}
