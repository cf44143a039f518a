/// The order in which llama.cpp evaluates the rows of one batch.
///
/// It cuts a batch into micro-batches by its own rules, and the residual stream comes out in that order while
/// logits are put back into ours. So the rules are repeated here. They belong to the pinned release; the
/// contract suite compares every row of mixed batches with the same row evaluated alone, and so fails if a new
/// release changes them.
struct BatchOrder: Equatable {
    /// For each micro-batch the indices of its rows in the batch.
    var microBatches: [[Int]] = []

    /// One pool of cells: consecutive pieces.
    init(unifiedRows rows: Int, limit: Int) {
        var start = 0
        while start < rows {
            let end = min(rows, start + limit)
            microBatches.append(Array(start..<end))
            start = end
        }
    }

    /// One stream per sequence: a micro-batch takes consecutive sequence numbers and equally many rows of
    /// each. `sequences` holds the sequence of every row, ascending.
    init(perSequence sequences: [Int], limit: Int) {
        var runs: [(sequence: Int, next: Int, end: Int)] = []
        for (row, sequence) in sequences.enumerated() {
            if let last = runs.last, last.sequence == sequence {
                runs[runs.count - 1].end = row + 1
            } else {
                precondition(
                    runs.allSatisfy { $0.sequence < sequence },
                    "rows come in ascending order of sequence, but \(sequence) follows \(runs)"
                )
                runs.append((sequence, row, row + 1))
            }
        }
        while let first = runs.firstIndex(where: { $0.next < $0.end }) {
            var members = [first]
            var last = runs[first].sequence
            for index in runs.indices.dropFirst(first + 1) where members.count <= limit {
                guard runs[index].next < runs[index].end, runs[index].sequence == last + 1 else { continue }
                members.append(index)
                last = runs[index].sequence
            }
            let shortest = members.map { runs[$0].end - runs[$0].next }.min() ?? 0
            let depth = max(1, min(shortest, limit / members.count))
            var rows: [Int] = []
            for member in members {
                rows.append(contentsOf: runs[member].next..<runs[member].next + depth)
                runs[member].next += depth
            }
            microBatches.append(rows)
        }
    }
}
