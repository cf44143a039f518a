internal import Policy

/// The integers that stand for closed lists on disk. A code is never reused or changed.
extension TerminalState {
    /// What `request.state` holds while a request has not ended.
    static let openCode: Int64 = 0

    var code: Int64 {
        switch self {
        case .completed: 1
        case .clientGone: 2
        case .deadline: 3
        case .rejected: 4
        case .failed: 5
        }
    }

    init?(code: Int64) {
        guard let state = TerminalState.allCases.first(where: { $0.code == code }) else { return nil }
        self = state
    }
}

extension EndCause {
    var code: Int64 {
        switch self {
        case .crash: 1
        case .model: 2
        case .store: 3
        case .overload: 4
        case .promptTooLong: 5
        case .shutdown: 6
        case .other: 7
        }
    }

    init?(code: Int64) {
        guard let cause = EndCause.allCases.first(where: { $0.code == code }) else { return nil }
        self = cause
    }
}

extension RecordedStop {
    var code: Int64 {
        switch self {
        case .confidence: 1
        case .agreement: 2
        case .budget: 3
        case .deadline: 4
        }
    }

    init?(code: Int64) {
        guard let stop = RecordedStop.allCases.first(where: { $0.code == code }) else { return nil }
        self = stop
    }
}

extension ReviewReason {
    var code: Int64 {
        switch self {
        case .score: 1
        case .sample: 2
        case .both: 3
        }
    }

    init?(code: Int64) {
        guard let reason = ReviewReason.allCases.first(where: { $0.code == code }) else { return nil }
        self = reason
    }
}

extension OutcomeSource {
    var code: Int64 {
        switch self {
        case .user: 1
        case .verifier: 2
        case .human: 3
        }
    }

    init?(code: Int64) {
        guard let source = OutcomeSource.allCases.first(where: { $0.code == code }) else { return nil }
        self = source
    }
}

extension Exclusion {
    /// What `request.excluded` holds for a request that counts.
    static let countedCode: Int64 = 0

    var code: Int64 {
        switch self {
        case .override: 1
        case .clientEffort: 2
        case .retry: 3
        }
    }

    init?(code: Int64) {
        guard let exclusion = Exclusion.allCases.first(where: { $0.code == code }) else { return nil }
        self = exclusion
    }
}

extension Duration {
    /// Whole microseconds, rounded down; what does not fit is cut to the largest that does.
    var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        return overflow ? .max : whole.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue
    }
}
