/// What a request needs from the pool: so little to begin with that it always comes to its end, and more as lanes
/// become free.
///
/// A lane is a sequence with room for one candidate's own tokens. Two of them are enough for any k: the best finished
/// candidate, which may yet have to answer, and one that runs.
struct Footprint: Equatable {
    /// Lanes that the request holds for as long as candidates wait to be started.
    let lanes: Int
    /// Whether its prompt has a sequence to itself while candidates are yet to start from it. Where one or two
    /// candidates are all there are, they take the prompt's over.
    let keepsPrompt: Bool
    /// Lanes that are its fair part of the model: what it counts for where it is decided who else may begin.
    let fairLanes: Int
    let promptCells: Int
    let cellsPerLane: Int

    /// Lanes below which a large request goes too slowly to be worth beginning; past it a lane more for one is a lane
    /// less for another.
    static let worthwhileLanes = 8

    /// Whether it is over so soon, and takes so little, that it need not wait for larger ones.
    var isSmall: Bool { !keepsPrompt }

    /// Cells that it must get at once to begin.
    var cells: Int { promptCells + lanes * cellsPerLane }

    init(promptTokens: Int, effort: Effort, maxTokens: Int, limits: ModelLimits) throws(ExecutorError) {
        let context = min(limits.contextTokens, limits.cells)
        guard promptTokens < context else {
            throw .promptTooLong(tokens: promptTokens, limit: context - 1)
        }
        promptCells = promptTokens
        cellsPerLane = min(maxTokens, context - promptTokens)
        switch effort.search {
        case .bestOf:
            lanes = min(effort.k, 2)
            keepsPrompt = effort.k > 2
            fairLanes = min(effort.k, Self.worthwhileLanes)
        case .beam, .mcts:
            // Candidates branch off one another, so they are all here at once.
            lanes = effort.k
            keepsPrompt = true
            fairLanes = effort.k
        }
        let sequences = lanes + (keepsPrompt && limits.prefixSequences == 0 ? 1 : 0)
        guard sequences <= limits.sequences, cells <= limits.cells else {
            let prompt = keepsPrompt && limits.prefixSequences == 0 ? " and its prompt another" : ""
            throw .invalidRequest(
                "\(effort.k) candidates need \(lanes) sequences at once\(prompt), with \(cells) cells for up to "
                    + "\(cellsPerLane) tokens each; the model was opened with \(limits.sequences) sequences and "
                    + "\(limits.cells) cells: lower k or max_tokens, or raise --sequences"
            )
        }
    }
}

extension Effort {
    /// Throws what keeps every request of this effort from being served, however short its prompt.
    public func check(on limits: ModelLimits, maxTokens: Int) throws(ExecutorError) {
        _ = try Footprint(promptTokens: 1, effort: self, maxTokens: maxTokens, limits: limits)
    }
}
