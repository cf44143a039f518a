/// Which sequences of the model are free, and how many key-value cells are spoken for.
///
/// The lowest free sequence goes first, so that running sequences stay close together.
struct SequencePool {
    let cells: Int
    private(set) var reservedCells = 0
    private(set) var freeCount: Int
    private var isFree: [Bool]

    init(limits: ModelLimits) {
        cells = limits.cells
        freeCount = limits.sequences
        isFree = Array(repeating: true, count: limits.sequences)
    }

    var freeCells: Int { cells - reservedCells }

    var lowestFree: Int? { freeCount == 0 ? nil : isFree.firstIndex(of: true) }

    mutating func take() -> Int? {
        guard let sequence = lowestFree else { return nil }
        isFree[sequence] = false
        freeCount -= 1
        return sequence
    }

    mutating func release(_ sequence: Int) {
        precondition(!isFree[sequence], "sequence \(sequence) released twice")
        isFree[sequence] = true
        freeCount += 1
    }

    mutating func reserve(cells count: Int) {
        precondition(count <= freeCells, "\(count) cells reserved of \(freeCells) free")
        reservedCells += count
    }

    mutating func release(cells count: Int) {
        precondition(count <= reservedCells, "\(count) cells released of \(reservedCells) reserved")
        reservedCells -= count
    }
}

/// What a request needs from the pool before it may start.
struct Footprint: Equatable {
    /// Candidates that run at once; fewer than k when the request runs in waves.
    let lanes: Int
    /// Whether a sequence is set aside to hold the prompt for candidates that start later.
    let keepsPrompt: Bool
    let promptCells: Int
    let cellsPerLane: Int

    var sequences: Int { lanes + (keepsPrompt ? 1 : 0) }
    var cells: Int { promptCells + lanes * cellsPerLane }

    /// The footprint of k candidates; in waves where the model cannot hold them all at once.
    ///
    /// A wave needs three sequences: the prompt, the best finished candidate, which may yet have to answer, and
    /// one that runs.
    init(promptTokens: Int, k: Int, maxTokens: Int, limits: ModelLimits) throws(ExecutorError) {
        let context = min(limits.contextTokens, limits.cells)
        guard promptTokens < context else {
            throw .promptTooLong(tokens: promptTokens, limit: context - 1)
        }
        promptCells = promptTokens
        cellsPerLane = min(maxTokens, context - promptTokens)
        let affordable = (limits.cells - promptTokens) / cellsPerLane
        if k <= limits.sequences, k <= affordable {
            lanes = k
            keepsPrompt = false
            return
        }
        lanes = min(limits.sequences - 1, affordable, k)
        keepsPrompt = true
        guard lanes >= 2 else {
            throw .invalidRequest(
                "\(k) candidates of up to \(cellsPerLane) tokens do not fit a model opened with "
                    + "\(limits.sequences) sequences and \(limits.cells) cells, not even one after the other; "
                    + "lower k or max_tokens, or open the model with more"
            )
        }
    }
}
