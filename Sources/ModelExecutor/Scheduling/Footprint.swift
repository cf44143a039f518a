/// What a request needs from the pool: so little to begin with that it always comes to its end, and more as lanes
/// become free.
///
/// A lane is a sequence with room for one candidate's own tokens. Two of them are enough for any k: the best finished
/// candidate, which may yet have to answer, and one that runs. The prompt keeps a sequence to itself until the last
/// candidate starts, which takes it over.
struct Footprint: Equatable {
    /// Lanes that the request holds for as long as candidates wait to be started.
    let lanes: Int
    /// Sequences that it must get at once to begin.
    let sequences: Int
    /// Sequences that are its fair part of the model: what it counts for where it is decided who else may begin.
    let fairSequences: Int
    let promptCells: Int
    let cellsPerLane: Int

    /// Lanes below which a large request goes too slowly to be worth beginning; past it a lane more for one is a lane
    /// less for another.
    static let fairLanes = 8

    /// Whether it is over so soon, and takes so little, that it need not wait for larger ones.
    var isSmall: Bool { sequences <= 2 }

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
            sequences = min(effort.k, 3)
            fairSequences = effort.k <= 2 ? effort.k : min(effort.k, Self.fairLanes) + 1
        case .beam, .mcts:
            // Candidates branch off one another, so they are all here at once, and the prompt beside them.
            lanes = effort.k
            sequences = effort.k + 1
            fairSequences = sequences
        }
        guard sequences <= limits.sequences, cells <= limits.cells else {
            throw .invalidRequest(
                "\(effort.k) candidates of up to \(cellsPerLane) tokens do not fit a model opened with "
                    + "\(limits.sequences) sequences and \(limits.cells) cells, not even \(lanes) at a time; "
                    + "lower k or max_tokens, or open the model with more"
            )
        }
    }
}
