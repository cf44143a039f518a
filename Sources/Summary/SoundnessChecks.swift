import Policy
import Stats
import Store

/// Whether the data of one version can be trusted; unsound data block a go and never a no-go.
struct SoundnessChecks {
    /// Fraction of an arm's requests in another mode than its own above which its effect isn't that mode's.
    static let degradedLimit = 0.1
    /// Fraction of an arm's requests still open above which its figures are those of the quick ones.
    static let openLimit = 0.05
    /// A difference of missing rates counts from this size on, in either direction.
    static let missingLimit = 0.01
    /// Below either of these a share of a few requests or subjects means nothing.
    static let noticeFraction = 0.01
    static let noticeCount = 10
    /// The sample ratio is looked at after each so many subjects, always at the same points.
    static let sampleRatioBatch = 100

    let checks: [CheckSummary]

    init(judged: JudgedPolicy, observations: [ArmID: ArmObservations], window: OutcomeWindow) {
        let arms = judged.arms.compactMap { observations[$0.id] }
        var checks = [Self.sampleRatio(arms)]
        checks += judged.treatments.map { arm in
            Self.missingOutcomes(arm: arm.id, judged: judged, observations: observations, window: window)
        }
        checks.append(Self.windows(arms, window: window))
        checks.append(
            Self.fraction("degraded_requests", arms, unsoundAbove: Self.degradedLimit) { $0.degraded }
        )
        checks.append(Self.fraction("open_requests", arms, unsoundAbove: Self.openLimit) { $0.open })
        checks.append(Self.crossover(arms))
        self.checks = checks
    }

    /// Why this arm's data are unsound; empty when they are sound.
    func objections(to arm: ArmID) -> [String] {
        checks.filter { $0.state == .unsound && ($0.arm == nil || $0.arm == arm.rawValue) }.map {
            "the data are unsound: \($0.detail)"
        }
    }

    /// Sequential, on subjects in the order of their first assignments, at level 0.001.
    private static func sampleRatio(_ all: [ArmObservations]) -> CheckSummary {
        let arms = all.filter { $0.basisPoints > 0 }
        let name = "sample_ratio"
        guard arms.count > 1 else {
            return CheckSummary(check: name, state: .ok, detail: "one arm gets all subjects")
        }
        let total = arms.reduce(0) { $0 + $1.subjects.count }
        guard total > 0 else {
            return CheckSummary(check: name, state: .unknown, detail: "no subject has been assigned yet")
        }
        var check = SampleRatioCheck(shares: arms.map { Double($0.basisPoints) })
        let arrivals = arms.enumerated()
            .flatMap { index, arm in arm.subjects.map { (time: $0.firstAssigned, arm: index) } }
            .sorted { ($0.time, $0.arm) < ($1.time, $1.arm) }
        for start in stride(from: 0, to: arrivals.count, by: sampleRatioBatch) {
            var batch = arms.map { _ in 0 }
            for arrival in arrivals[start..<min(start + sampleRatioBatch, arrivals.count)] {
                batch[arrival.arm] += 1
            }
            check.add(batch)
        }
        let shares = Double(arms.reduce(0) { $0 + $1.basisPoints })
        let counts = arms.map { arm in
            let expected = Double(total) * Double(arm.basisPoints) / shares
            return "\(arm.arm) \(NumberText.count(arm.subjects.count)) "
                + "(expected \(NumberText.decimal(expected, 0)))"
        }
        let listed = counts.joined(separator: ", ")
        return CheckSummary(
            check: name,
            state: check.isMismatch ? .unsound : .ok,
            pValue: check.smallestPValue,
            detail: check.isMismatch
                ? "subjects do not arrive in the configured shares: \(listed)"
                : "subjects arrive in the configured shares: \(listed)"
        )
    }

    /// The difference of the rates of subjects without any outcome.
    private static func missingOutcomes(
        arm: ArmID,
        judged: JudgedPolicy,
        observations: [ArmID: ArmObservations],
        window: OutcomeWindow
    ) -> CheckSummary {
        func result(_ state: CheckSummary.State, p: Double? = nil, _ detail: String) -> CheckSummary {
            CheckSummary(
                check: "missing_outcomes",
                arm: arm.rawValue,
                state: state,
                pValue: p,
                detail: detail
            )
        }
        let population = window.population(of: Array(observations.values))
        func counts(_ id: ArmID) -> Counts {
            let subjects = observations[id].map { window.subjects(of: $0, in: population) } ?? []
            return Counts(successes: subjects.count { $0.withOutcome == 0 }, trials: subjects.count)
        }
        let control = counts(judged.policy.control.id)
        let treatment = counts(arm)
        guard judged.minimum.shortfalls(subjects: control.trials).isEmpty,
            judged.minimum.shortfalls(subjects: treatment.trials).isEmpty, let c = control.estimate,
            let t = treatment.estimate
        else {
            return result(.unknown, "too few subjects whose outcomes are due")
        }
        let difference = Comparison(control: c, treatment: t).difference
        let interval = judged.sequence.interval(for: difference)
        let rates =
            "\(NumberText.percent(t.value)) of \(arm)'s subjects and \(NumberText.percent(c.value)) of "
            + "\(judged.policy.control.id)'s have no outcome"
        guard interval.lower > missingLimit || interval.upper < -missingLimit else {
            return result(.ok, p: judged.sequence.pValue(for: difference), rates)
        }
        return result(
            .unsound,
            p: judged.sequence.pValue(for: difference),
            "outcomes are missing differently: \(rates)"
        )
    }

    /// Which subjects the verdict counts, and how many wait.
    private static func windows(_ arms: [ArmObservations], window: OutcomeWindow) -> CheckSummary {
        let all = arms.reduce(0) { $0 + $1.subjects.count }
        let waiting = arms.reduce(0) { $0 + $1.subjects.count(where: window.isWaiting) }
        let closed = arms.reduce(0) { $0 + $1.subjects.count(where: window.isClosed) }
        let length = NumberText.span(milliseconds: Double(window.window.milliseconds))
        guard window.population(of: arms) == .closedWindows else {
            return CheckSummary(
                check: "outcome_windows",
                state: .ok,
                detail: "the verdict counts all \(NumberText.count(all)) subjects; "
                    + "\(NumberText.count(waiting)) still wait for an outcome within \(length)"
            )
        }
        return CheckSummary(
            check: "outcome_windows",
            state: .warning,
            detail: "the verdict counts the \(NumberText.count(closed)) of \(NumberText.count(all)) subjects "
                + "whose outcome window of \(length) has closed; \(NumberText.count(waiting)) others still wait"
        )
    }

    /// A share of requests that is noticed above 1 % and unsound above a limit in any arm.
    private static func fraction(
        _ name: String,
        _ arms: [ArmObservations],
        unsoundAbove limit: Double,
        _ count: (ArmObservations) -> Int
    ) -> CheckSummary {
        var state = CheckSummary.State.ok
        let listed = arms.map { arm in
            let fraction = arm.requests == 0 ? 0 : Double(count(arm)) / Double(arm.requests)
            if count(arm) >= noticeCount && fraction > noticeFraction && state == .ok { state = .warning }
            if count(arm) >= noticeCount && fraction > limit { state = .unsound }
            return "\(arm.arm) \(NumberText.count(count(arm))) of \(NumberText.count(arm.requests))"
        }
        let what = name == "open_requests" ? "requests not ended" : "requests served in another mode"
        return CheckSummary(check: name, state: state, detail: "\(what): \(listed.joined(separator: ", "))")
    }

    /// Subjects that met another arm too: expected while a ramp moves subjects, so it decides nothing.
    private static func crossover(_ arms: [ArmObservations]) -> CheckSummary {
        let crossed = arms.reduce(0) { $0 + $1.crossedOver }
        let subjects = arms.reduce(0) { $0 + $1.subjects.count }
        let isNotable = crossed >= noticeCount && Double(crossed) > noticeFraction * Double(subjects)
        return CheckSummary(
            check: "crossover",
            state: isNotable ? .warning : .ok,
            detail: "\(NumberText.count(crossed)) of \(NumberText.count(subjects)) subjects "
                + "also met another arm of this policy, in this version or an earlier one"
        )
    }
}
