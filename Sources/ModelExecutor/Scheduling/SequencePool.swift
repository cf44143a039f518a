/// Which sequences of the model are free, and how many key-value cells are spoken for.
///
/// Large requests take from the low end and small ones from the high end, so that those that run together lie
/// together.
struct SequencePool {
    let cells: Int
    private(set) var reservedCells = 0
    let count: Int
    private(set) var freeCount: Int
    private var isFree: [Bool]

    init(limits: ModelLimits) {
        cells = limits.cells
        count = limits.sequences
        freeCount = limits.sequences
        isFree = Array(repeating: true, count: limits.sequences)
    }

    var freeCells: Int { cells - reservedCells }

    var lowestFree: Int? { freeCount == 0 ? nil : isFree.firstIndex(of: true) }

    var highestFree: Int? { freeCount == 0 ? nil : isFree.lastIndex(of: true) }

    mutating func take() -> Int? {
        guard let sequence = lowestFree else { return nil }
        take(sequence)
        return sequence
    }

    mutating func takeHighest() -> Int? {
        guard let sequence = highestFree else { return nil }
        take(sequence)
        return sequence
    }

    mutating func take(_ sequence: Int) {
        precondition(isFree[sequence], "sequence \(sequence) taken twice")
        isFree[sequence] = false
        freeCount -= 1
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
