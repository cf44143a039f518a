import Policy
import Summary

/// An explanation as `explain --json` prints it, keys in snake case.
///
/// `asked` has the policies in order up to the one that is sure to cover the request, each with `policy`, `version`,
/// its `file`, `priority`, `covers`, `unmet`, the conditions that the request doesn't meet, in words, and `traffic`:
/// null where the policy takes all that match, else the `share` that it takes and the subject's `bucket`, which is
/// null where each request falls into one of its own and only may be covered. `decider` names the first that covers
/// it or is null. `explained` is null when there is none and no `--policy`. Otherwise it has:
/// - `policy`, `version`, `file`, `unmet`: the policy and what the request lacks of its conditions.
/// - `subject`: null if the request would be refused for want of one; otherwise its `source` and, unless that is
///   `request`, its `value` and its `digest`, of which the record keeps the first 64 bits.
/// - `override`: null, or the `conditions` and the `arm` of the override that applies.
/// - `arms`: of each its `arm`, `share`, `mode`, `k`, the `served_mode` that the client's effort would make of it, and
///   what it drew: `draw` is u, `key` −ln(u)/share, and the smallest key has `won`. Draw and key are null for an arm
///   without a share, and for all when each request is its own subject and is dealt anew.
/// - `arm`, `assigned_mode`, `served_mode`: null when refused or dealt anew. `excluded_because`: `override`,
///   `client_effort` or null. `refused`: why, or null.
/// - `shadow`: null where the policy has none, or none for such a request; otherwise its `mode`, its `share` of such
///   requests, and the `arms` that it takes requests of. One that is dealt anew has it only if it gets such an arm.
struct ExplanationReport: Encodable {
    struct Asked: Encodable {
        let policy: PolicyID
        let version: PolicyVersion
        let file: String
        let priority: Int
        let covers: Bool
        let unmet: [String]
        @OrNull var traffic: Traffic?
    }

    struct Traffic: Encodable, Hashable {
        let share: Double
        @OrNull var bucket: Int?
    }

    struct Explained: Encodable {
        let policy: PolicyID
        let version: PolicyVersion
        let file: String
        let unmet: [String]
        @OrNull var subject: Subject?
        @OrNull var override: Override?
        let arms: [Arm]
        @OrNull var arm: ArmID?
        @OrNull var assignedMode: ModeName?
        @OrNull var servedMode: ModeName?
        @OrNull var excludedBecause: String?
        @OrNull var refused: String?
        @OrNull var shadow: Shadow?
    }

    struct Shadow: Encodable, Hashable {
        let mode: ModeName
        let share: Double
        let arms: [ArmID]

        init(_ rule: ShadowRule) {
            (mode, share, arms) = (rule.mode.name, rule.share.fraction, rule.arms)
        }
    }

    struct Subject: Encodable, Hashable {
        let source: String
        @OrNull var value: String?
        @OrNull var digest: SubjectDigest?
    }

    struct Override: Encodable, Hashable {
        let conditions: [String]
        let arm: ArmID
    }

    struct Arm: Encodable, Hashable {
        let arm: ArmID
        let share: Double
        let mode: ModeName
        let k: Int
        let servedMode: ModeName
        @OrNull var draw: Double?
        @OrNull var key: Double?
        let won: Bool
    }

    let asked: [Asked]
    @OrNull var decider: PolicyID?
    @OrNull var explained: Explained?

    init(_ explanation: Explanation) {
        asked = explanation.asked.map { asked in
            Asked(
                policy: asked.policy,
                version: asked.version,
                file: asked.file,
                priority: asked.priority,
                covers: asked.covers,
                unmet: asked.unmet.map(\.description),
                traffic: asked.traffic.map { Traffic(share: $0.share.fraction, bucket: $0.bucket) }
            )
        }
        decider = explanation.decider
        if let trace = explanation.trace, let asked = explanation.explained {
            explained = Explained(trace, file: asked.file, unmet: asked.unmet.map(\.description))
        }
    }
}

extension ExplanationReport.Explained: Hashable {
    init(_ trace: AssignmentTrace, file: String, unmet: [String]) {
        policy = trace.policy.id
        version = trace.policy.version
        self.file = file
        self.unmet = unmet
        subject = trace.source.map { source in
            let named = source == .request ? nil : trace.subject
            return .init(source: "\(source)", value: named?.rawValue, digest: named?.digest)
        }
        override = trace.override.map { .init(conditions: $0.conditions.map(\.description), arm: $0.arm) }
        arms = trace.policy.arms.map { arm in
            let draw = trace.shownDealing?.draws.first { $0.arm == arm }
            return .init(
                arm: arm.id,
                share: arm.share.fraction,
                mode: arm.mode.name,
                k: arm.mode.k,
                servedMode: trace.served(by: arm).name,
                draw: draw?.fraction,
                key: draw?.key,
                won: trace.shownDealing?.winner == arm
            )
        }
        var assignment: Assignment?
        switch trace.result {
        case .success(let made): assignment = made
        case .failure(let refusal): refused = refusal.description
        }
        let certain = trace.isDealtAnew ? nil : assignment
        arm = certain?.arm.id
        assignedMode = certain?.assigned.name
        servedMode = certain?.served.name
        excludedBecause = assignment?.excludedBecause?.rawValue
        guard let assignment, assignment.excludedBecause == nil else { return }
        switch trace.policy.shadowing(of: assignment) {
        case .eligible(let rule): shadow = .init(rule)
        case .otherArm where trace.isDealtAnew: shadow = trace.policy.shadow.map { .init($0) }
        case .none, .excluded, .otherArm, .sameMode: break
        }
    }
}

extension AssignmentTrace {
    /// What the arms drew for a subject that somebody named; what they draw for a request's own is another matter each
    /// time.
    var shownDealing: Dealing? { source == .request ? nil : dealing }
}
