import Policy
import Stats
import Store

/// Where one arm stands to one limit.
///
/// A guardrail counts every subject at once, whatever its outcome window: it is about what has already happened.
/// The level is not divided among guardrails: a go needs all of them inside, and that costs no power.
struct GuardrailAnalysis {
    let arm: Arm
    let guardrail: Guardrail
    let control: Double?
    let treatment: Double?
    let excess: Double?
    let interval: Interval
    let missing: [String]

    private struct Finding {
        var control: Double?
        var treatment: Double?
        var excess: Double?
        var interval = Interval.unbounded
        var missing: [String] = []
    }

    /// Both arms of one comparison.
    private struct Pair {
        let control: ArmObservations
        let treatment: ArmObservations
        let judged: JudgedPolicy

        /// What an arm lacks in subjects.
        var missing: [String] {
            [control, treatment].flatMap { arm in
                judged.minimum.shortfalls(subjects: arm.subjects.count).map {
                    "\(arm.arm): \(NumberText.count($0.have)) of \(NumberText.count($0.need)) subjects"
                }
            }
        }
    }

    init(_ guardrail: Guardrail, arm: Arm, judged: JudgedPolicy, observations: [ArmID: ArmObservations]) {
        self.arm = arm
        self.guardrail = guardrail
        var finding = Finding(missing: ["no request yet in one of the arms"])
        if let control = observations[judged.policy.control.id], let treatment = observations[arm.id],
            control.requests > 0, treatment.requests > 0
        {
            let pair = Pair(control: control, treatment: treatment, judged: judged)
            switch (guardrail.metric, guardrail.limit) {
            case (.latencyP50, .atMostRatio(let limit)): finding = Self.latency(0.5, limit, pair)
            case (.latencyP95, .atMostRatio(let limit)): finding = Self.latency(0.95, limit, pair)
            case (.latencyP99, .atMostRatio(let limit)): finding = Self.latency(0.99, limit, pair)
            case (.computeTokens, .atMostRatio(let limit)): finding = Self.compute(limit, pair)
            case (.failureRate, .atMostIncrease(let limit)): finding = Self.failures(limit.fraction, pair)
            case (.latencyP50, .atMostIncrease), (.latencyP95, .atMostIncrease),
                (.latencyP99, .atMostIncrease),
                (.computeTokens, .atMostIncrease), (.failureRate, .atMostRatio):
                finding.missing = ["\(guardrail.metric.rawValue) can't be held to a limit of this kind"]
            }
        }
        control = finding.control
        treatment = finding.treatment
        excess = finding.excess
        interval = finding.interval
        missing = finding.missing
    }

    var state: GuardrailSummary.State {
        if interval.lower > 0 { return .broken }
        return interval.upper < 0 ? .inside : .undecided
    }

    var summary: GuardrailSummary {
        let (limit, value) =
            switch guardrail.limit {
            case .atMostRatio(let ratio): ("at_most_ratio", ratio)
            case .atMostIncrease(let change): ("at_most_increase", change.fraction)
            }
        return GuardrailSummary(
            arm: arm.id.rawValue,
            metric: guardrail.metric.rawValue,
            limit: limit,
            limitValue: value,
            control: control,
            treatment: treatment,
            excess: excess,
            lower: interval.lower,
            upper: interval.upper,
            state: state,
            missing: missing
        )
    }

    /// Each arm's clustered quantile at α/2, combined as a box; failed requests count as endless.
    private static func latency(_ p: Double, _ limit: Double, _ pair: Pair) -> Finding {
        let shares = Double(pair.control.basisPoints + pair.treatment.basisPoints)
        func quantile(_ arm: ArmObservations) -> ClusteredQuantile? {
            let planned = Double(pair.judged.rule.plannedSubjects) * Double(arm.basisPoints) / max(1, shares)
            let sequence = ConfidenceSequence(
                alpha: pair.judged.rule.alpha / 2,
                plannedSubjects: max(1, planned)
            )
            return ClusteredQuantile(p, of: arm.latenciesBySubject, sequence: sequence)
        }
        guard let c = quantile(pair.control), let t = quantile(pair.treatment) else {
            return Finding(missing: ["no ended request yet in one of the arms"])
        }
        var finding = Finding(control: c.value, treatment: t.value, missing: pair.missing)
        if c.value.isFinite && t.value.isFinite { finding.excess = t.value - limit * c.value }
        guard finding.missing.isEmpty else { return finding }
        finding.interval = ClusteredQuantile.excess(
            control: c.interval,
            treatment: t.interval,
            overRatio: limit
        )
        for (arm, quantile) in [(pair.control, c), (pair.treatment, t)]
        where quantile.interval.upper == .infinity {
            finding.missing.append("\(arm.arm): too few requests to bound this quantile from above")
        }
        return finding
    }

    /// Candidate tokens per request, by subject, as a linear contrast.
    private static func compute(_ limit: Double, _ pair: Pair) -> Finding {
        func tokens(_ arm: ArmObservations) -> Estimate? {
            var sums = SubjectSums()
            for subject in arm.subjects {
                sums.add(requests: Double(subject.requests), cost: subject.candidateTokens)
            }
            return sums.costPerRequest
        }
        guard let c = tokens(pair.control), let t = tokens(pair.treatment) else {
            return Finding(missing: pair.missing)
        }
        let excess = Comparison(control: c, treatment: t).excess(overRatio: limit)
        var finding = Finding(
            control: c.value,
            treatment: t.value,
            excess: excess.value,
            missing: pair.missing
        )
        guard finding.missing.isEmpty else { return finding }
        finding.interval = pair.judged.sequence.interval(for: excess)
        if !finding.interval.isBounded {
            finding.missing = ["every request cost the same, so there is no spread"]
        }
        return finding
    }

    /// Failed requests per request by subject; while failures are rare, subjects that failed, exactly.
    ///
    /// Failures are rare in a healthy system, and an asymptotic interval needs ten of each kind per arm. Before
    /// that each arm's rate of subjects with a failure gets an exact sequence at α/2, combined as a box: it can
    /// pass a service that never fails and stop one that always does. Both methods err far less often than
    /// their level (at most 2.8 and 0.7 % at α = 5 % in simulation), so their union stays below it.
    private static func failures(_ limit: Double, _ pair: Pair) -> Finding {
        let c = FailureFigures(pair.control.subjects)
        let t = FailureFigures(pair.treatment.subjects)
        var finding = Finding(control: c.rate, treatment: t.rate)
        if let c = c.rate, let t = t.rate { finding.excess = t - c - limit }
        let enough = [c, t].allSatisfy {
            pair.judged.minimum.shortfalls(
                subjects: $0.subjects.trials,
                successes: $0.subjects.failures,
                failures: $0.subjects.successes
            ).isEmpty
        }
        if enough, let control = c.estimate, let treatment = t.estimate {
            let excess = Comparison(control: control, treatment: treatment).excess(overIncrease: limit)
            finding.interval = pair.judged.sequence.interval(for: excess)
        } else {
            let exact = BetaBinomialSequence(alpha: pair.judged.rule.alpha / 2)
            let control = exact.interval(for: c.subjects)
            let treatment = exact.interval(for: t.subjects)
            finding.interval = Interval(
                lower: treatment.lower - control.upper - limit,
                upper: treatment.upper - control.lower - limit
            )
        }
        return finding
    }
}

/// Failed requests of one arm, by subject.
private struct FailureFigures {
    private var sums = SubjectSums()
    private var requests = 0
    private var failures = 0
    /// Subjects with at least one failure among all subjects.
    private(set) var subjects = Counts(successes: 0, trials: 0)

    init(_ subjects: [SubjectTotals]) {
        for subject in subjects {
            sums.add(requests: Double(subject.requests), successes: Double(subject.failures))
            requests += subject.requests
            failures += subject.failures
            self.subjects = self.subjects + Counts(successes: subject.failures > 0 ? 1 : 0, trials: 1)
        }
    }

    var rate: Double? { requests == 0 ? nil : Double(failures) / Double(requests) }

    /// The plain proportion when each subject has one request.
    var estimate: Estimate? { requests == subjects.trials ? subjects.estimate : sums.successRate }
}

extension ArmObservations {
    /// Each subject's latencies, with +∞ for each of its requests that failed.
    fileprivate var latenciesBySubject: [[Double]] {
        var bySubject: [SubjectNumber: [Double]] = [:]
        for sample in latencies { bySubject[sample.subject, default: []].append(sample.value) }
        for subject in subjects where subject.failures > 0 {
            bySubject[subject.subject, default: []] += Array(repeating: .infinity, count: subject.failures)
        }
        return Array(bySubject.values)
    }
}
