/// How the candidates of a request come about.
public enum Search: Sendable, Hashable {
    /// Each from the prompt on its own: what wins at equal tokens wherever it was measured.
    case bestOf
    /// Experimental. Every so many steps the weakest candidates are replaced by copies of the strongest.
    case beam(Beam)
    /// Experimental. Each candidate branches off where a tree of the earlier ones' steps looks best.
    case mcts(TreeSearch)
}

/// Step beam search with the score head as value, in the form of particle filters: k candidates at all times.
public struct Beam: Sendable, Hashable {
    /// Candidates that survive each selection, at least 1 and fewer than k; the others become copies of them.
    public var width: Int
    /// Steps between two selections, at least 1.
    public var everySteps: Int

    public init(width: Int, everySteps: Int) {
        self.width = width
        self.everySteps = everySteps
    }

    func validate(k: Int) throws(ExecutorError) {
        guard width >= 1, width < k else {
            throw .invalidRequest("the beam is \(width) wide and k is \(k); choose 1 to \(max(1, k - 1))")
        }
        guard (1...Pruning.mostSteps).contains(everySteps) else {
            throw .invalidRequest(
                "the beam selects every \(everySteps) steps; choose 1 to \(Pruning.mostSteps)"
            )
        }
    }
}

/// Monte Carlo tree search over steps; a candidate is one simulation, played to the end of its thinking.
public struct TreeSearch: Sendable, Hashable {
    /// The weight of untried branches against good ones: c of UCT.
    public var exploration: Double
    /// Simulations that run at once; each starts without knowing how the others will end.
    public var parallel: Int

    public init(exploration: Double, parallel: Int) {
        self.exploration = exploration
        self.parallel = parallel
    }

    func validate(k: Int) throws(ExecutorError) {
        guard exploration >= 0, exploration <= 100 else {
            throw .invalidRequest("exploration is \(exploration); choose 0 to 100")
        }
        guard (1...k).contains(parallel) else {
            throw .invalidRequest("\(parallel) simulations at once and k is \(k); choose 1 to \(k)")
        }
    }
}
