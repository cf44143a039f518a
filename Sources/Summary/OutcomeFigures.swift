import Policy
import Stats
import Store

/// One metric in one arm over some of its subjects.
struct OutcomeFigures {
    private(set) var sums = SubjectSums()
    private(set) var withSuccess = 0
    private(set) var withFailure = 0
    private(set) var successes = 0
    private(set) var requests = 0

    init(_ subjects: some Sequence<SubjectTotals>) {
        for subject in subjects where subject.withOutcome > 0 {
            let successes = Int(subject.outcomeSum)
            sums.add(requests: Double(subject.withOutcome), successes: Double(successes))
            withSuccess += successes > 0 ? 1 : 0
            withFailure += successes < subject.withOutcome ? 1 : 0
            self.successes += successes
            requests += subject.withOutcome
        }
    }

    /// Subjects with an outcome.
    var subjects: Int { sums.subjects }

    var rate: Double? { requests == 0 ? nil : Double(successes) / Double(requests) }

    /// The rate with its variance over subjects; the plain proportion when each has one outcome.
    var estimate: Estimate? {
        if requests == subjects { return Counts(successes: successes, trials: requests).estimate }
        return sums.successRate
    }

    /// What this arm still lacks, as `medium: 34 of 100 subjects with an outcome`.
    func missing(_ minimum: MinimumCounts, arm: ArmID) -> [String] {
        minimum.shortfalls(subjects: subjects, successes: withSuccess, failures: withFailure).map {
            let what =
                switch $0.kind {
                case .subjects: "subjects with an outcome"
                case .successes: "subjects with a success"
                case .failures: "subjects with a failure"
                }
            return "\(arm): \(NumberText.count($0.have)) of \(NumberText.count($0.need)) \(what)"
        }
    }
}

/// When a subject's outcomes are taken as complete.
struct OutcomeWindow {
    let window: Duration
    let now: Timestamp

    /// More than this fraction still waiting for an outcome in any arm, and only closed windows decide.
    ///
    /// Below it a selection of early outcomes (a quick success is told before a slow failure) can't move a rate
    /// by more than a point.
    static let waitingLimit = 0.01

    func isClosed(_ subject: SubjectTotals) -> Bool {
        subject.firstAssigned.millisecondsSinceEpoch + window.milliseconds <= now.millisecondsSinceEpoch
    }

    /// An open window and a request that neither failed nor has an outcome yet.
    func isWaiting(_ subject: SubjectTotals) -> Bool {
        !isClosed(subject) && subject.withOutcome + subject.failures < subject.requests
    }

    /// Everyone, if next to nobody in any arm still waits; else the subjects with closed windows.
    func population(of arms: [ArmObservations]) -> Population {
        let settled = arms.allSatisfy { arm in
            Double(arm.subjects.count(where: isWaiting)) <= Self.waitingLimit * Double(arm.subjects.count)
        }
        return settled ? .everyone : .closedWindows
    }

    func subjects(of arm: ArmObservations, in population: Population) -> [SubjectTotals] {
        switch population {
        case .everyone: arm.subjects
        case .closedWindows: arm.subjects.filter(isClosed)
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
