/// How a look at the policy folder ended.
public enum PolicyReload: Sendable {
    /// The folder changed and is now in force.
    case loaded(PolicySet)
    /// Nothing changed since the last look.
    case unchanged
    /// The folder changed and something in it is wrong: what was in force stays.
    case refused(PolicyProblems)
}
