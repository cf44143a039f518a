/// Go, wait or no-go: what a rollout should do next.
public enum Decision: String, Sendable, Hashable, CaseIterable, Encodable {
    case go
    case wait
    case noGo = "no-go"
}

/// A decision with the rule that produced it.
public struct Verdict: Sendable, Hashable {
    public enum Rule: String, Sendable, Hashable, CaseIterable, Encodable {
        case guardrailBroken = "guardrail_broken"
        case unsoundData = "unsound_data"
        case primaryOutside = "primary_outside"
        case hold
        case allInside = "all_inside"
        case undecided
    }

    public var decision: Decision
    public var rule: Rule

    /// Applies the decision rule, its clauses in this order, every comparison strict.
    ///
    /// no-go when a guardrail's excess over its limit is provably above zero · wait when the data are unsound ·
    /// no-go when the primary effect is provably below its margin · wait while the hold is not met · go when every
    /// guardrail is provably inside and the primary provably above its margin · else wait. A broken guardrail
    /// comes first, so unsound data block a go but never a rollback. An interval whose minimum counts are not met
    /// is unbounded, which decides nothing: no data is a reason to wait.
    public init(sound: Bool, holdMet: Bool, guardrailExcesses: [Interval], primary: Interval, margin: Double)
    {
        let inside = guardrailExcesses.allSatisfy { $0.upper < 0 }
        if guardrailExcesses.contains(where: { $0.lower > 0 }) {
            (decision, rule) = (.noGo, .guardrailBroken)
        } else if !sound {
            (decision, rule) = (.wait, .unsoundData)
        } else if primary.upper < margin {
            (decision, rule) = (.noGo, .primaryOutside)
        } else if !holdMet {
            (decision, rule) = (.wait, .hold)
        } else if inside && primary.lower > margin {
            (decision, rule) = (.go, .allInside)
        } else {
            (decision, rule) = (.wait, .undecided)
        }
    }
}
