public import Policy
internal import Stats
public import Store
internal import Summary

/// What the record shows of a stage: the summary's verdict on the version in force, and a test for spikes.
///
/// The verdict is the very one that `headgate summary` prints. It takes some hundred subjects to say anything; the
/// test for spikes takes failing subjects alone, is exact at any number of them, and so finds a broken arm in seconds.
public struct SummaryEvidence: Sendable {
    /// How many times control's rate of failing subjects is a spike once it is proven.
    static let spikeRatio = 1.5
    /// Expects larger differences than a test for small ones would: a spike of three times takes about 38 events.
    private static let priorStrength = 20.0
    private static let alpha = 0.05
    /// Failing subjects without which nothing is a spike, where the policy names no minimum.
    private static let fewestFailing = 10

    private let reader: RecordReader
    private let now: @Sendable () -> Timestamp

    public init(reader: RecordReader, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.reader = reader
        self.now = now
    }

    /// What was assigned before the stage began counts for nothing: a rollout that is started again, its fault mended,
    /// must not be judged by the attempt before.
    ///
    /// - Parameter policy: as it is in force, with the share of the present stage.
    public func stage(
        _ policy: SplitPolicy,
        _ rule: RolloutRule,
        since: Timestamp
    ) throws -> StageEvidence {
        let report = try SummaryBuilder(reader: reader).report(
            of: policy.id,
            version: policy.version,
            since: since,
            asOf: now()
        )
        let arm = rule.arm.rawValue
        let verdict = report.verdict.byArm.first { $0.arm == arm }
        return StageEvidence(
            decision: verdict?.decision ?? report.verdict.decision,
            reasons: verdict?.reasons ?? report.verdict.reasons,
            isSound: !report.checks.contains { $0.state == .unsound && ($0.arm == nil || $0.arm == arm) },
            subjects: report.arms.first { $0.arm == arm }?.subjects ?? 0,
            spike: try spike(policy, rule.arm, since)
        )
    }

    /// The proof that many more subjects of the arm fail than of control; nil without one.
    private func spike(_ policy: SplitPolicy, _ id: ArmID, _ since: Timestamp) throws -> String? {
        guard let arm = policy.arm(id), arm.share.basisPoints > 0, policy.control.share.basisPoints > 0 else {
            return nil
        }
        let failing = try reader.failingSubjects(of: policy.id, version: policy.version, since: since)
        let (treated, control) = (failing[id] ?? 0, failing[policy.control.id] ?? 0)
        guard treated >= policy.decide?.minimum.failures ?? Self.fewestFailing else { return nil }
        let test = EventCountRatio(
            alpha: policy.decide?.alpha ?? Self.alpha,
            controlShare: policy.control.share.fraction,
            treatmentShare: arm.share.fraction,
            priorStrength: Self.priorStrength
        )
        let least = test.leastRatio(control: control, treatment: treated)
        guard least > Self.spikeRatio else { return nil }
        let times = (least * 10).rounded(.down) / 10
        return
            "failures: \(treated) subjects of \(id) at \(arm.share) against \(control) of \(policy.control.id) at "
            + "\(policy.control.share), at least \(times) times as often"
    }
}
