/// Successive halving among the candidates of one request, to spend the rest of its compute on the promising ones.
///
/// At each rung, a number of steps, candidates are ranked by the score of their steps up to there, and only the best
/// `keep` of them go on; the next rung is `1 / keep` times as far. Ranks of siblings at equal step counts, and never
/// a threshold: raw scores are not comparable between prompts, nor between early and late steps. From Jamieson and
/// Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization" (2016).
public struct Pruning: Sendable, Hashable {
    /// Candidates that stay alive whatever their ranks: one imperfect score must not decide alone.
    public static let fewestAlive = 2
    /// The smallest share that may go on; with 64 candidates less would be no other than two of them.
    public static let leastKeep = 0.01
    /// The furthest first rung; longer traces than anything measured.
    public static let mostSteps = 10_000

    /// The share that goes on at each rung, from `leastKeep` to below 1.
    public var keep: Double
    /// The first rung, at least 1.
    public var afterSteps: Int
    /// Whether cuts are only noted: the request runs in full, and its record says who would have been cut, which
    /// tells how often pruning loses the winner.
    public var isAudit: Bool

    public init(keep: Double, afterSteps: Int, isAudit: Bool = false) {
        self.keep = keep
        self.afterSteps = afterSteps
        self.isAudit = isAudit
    }

    func validate() throws(ExecutorError) {
        guard keep >= Self.leastKeep, keep < 1 else {
            throw .invalidRequest(
                "prune keeps \(keep) of the candidates; choose \(Self.leastKeep) to below 1"
            )
        }
        guard (1...Self.mostSteps).contains(afterSteps) else {
            throw .invalidRequest("prune begins after \(afterSteps) steps; choose 1 to \(Self.mostSteps)")
        }
    }

    /// The rung after this one: as much further as fewer candidates share the compute.
    func rung(after rung: Int) -> Int {
        max(rung + 1, Int((Double(rung) / keep).rounded(.up)))
    }
}
