/// The rows of one batch and whose they are, reused from step to step.
struct BatchPlan {
    struct Owner {
        let request: Int
        /// Nil for a row of the prompt.
        let candidate: Int?
    }

    private(set) var rows: [Row] = []
    private(set) var owners: [Owner] = []
    /// Rows of each request, by its index.
    private(set) var share: [Int] = []
    private var decoding: [Owner?]
    private var chunks: [Int]
    private var chosen: [Bool]
    private let capacity: Int
    /// Where the next batch begins when not all running candidates fit one.
    private var cursor = 0

    init(limits: ModelLimits) {
        capacity = limits.rowsPerBatch
        decoding = Array(repeating: nil, count: limits.sequences)
        chunks = Array(repeating: 0, count: limits.sequences)
        chosen = Array(repeating: false, count: limits.sequences)
        rows.reserveCapacity(capacity)
        owners.reserveCapacity(capacity)
    }

    /// Collects one row for every running candidate and fills what is left with prompts, oldest request first.
    ///
    /// Where candidates alone would fill the batch, a quarter of it stays for prompts, and candidates take turns.
    mutating func collect(from requests: [RunningRequest]) {
        for sequence in decoding.indices {
            decoding[sequence] = nil
            chunks[sequence] = 0
            chosen[sequence] = false
        }
        var running = 0
        var waiting = 0
        for (index, request) in requests.enumerated() {
            if request.isPrefilling {
                waiting += request.prefillTarget - request.prefilled
                continue
            }
            for candidate in request.candidates where candidate.isRunning {
                guard let sequence = candidate.sequence else { continue }
                decoding[sequence] = Owner(request: index, candidate: candidate.index)
                running += 1
            }
        }
        let kept = min(waiting, max(1, capacity / 4))
        let room = choose(atMost: min(running, capacity - kept))
        share(room: capacity - room, among: requests)
        emit(requests)
    }

    /// Marks that many sequences, beginning where the last batch left off, and returns how many.
    private mutating func choose(atMost count: Int) -> Int {
        var left = count
        var sequence = cursor
        for _ in decoding.indices where left > 0 {
            if sequence >= decoding.count { sequence = 0 }
            if decoding[sequence] != nil {
                chosen[sequence] = true
                left -= 1
            }
            sequence += 1
        }
        cursor = sequence
        return count - left
    }

    private mutating func share(room: Int, among requests: [RunningRequest]) {
        var room = room
        for (index, request) in requests.enumerated() where request.isPrefilling && room > 0 {
            let chunk = min(room, request.prefillTarget - request.prefilled)
            chunks[request.promptSequence] = chunk
            decoding[request.promptSequence] = Owner(request: index, candidate: nil)
            room -= chunk
        }
    }

    private mutating func emit(_ requests: [RunningRequest]) {
        rows.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        share.removeAll(keepingCapacity: true)
        for _ in requests { share.append(0) }
        for sequence in decoding.indices {
            guard let owner = decoding[sequence] else { continue }
            let request = requests[owner.request]
            if let candidate = owner.candidate {
                guard chosen[sequence] else { continue }
                let state = request.candidates[candidate]
                append(
                    Row(
                        token: state.pending,
                        position: state.position,
                        sequence: sequence,
                        wantsOutput: true
                    ),
                    owner
                )
            } else {
                for position in request.prefilled..<request.prefilled + chunks[sequence] {
                    let isLast = position == request.prompt.count - 1
                    let token = request.prompt[position]
                    append(
                        Row(token: token, position: position, sequence: sequence, wantsOutput: isLast),
                        owner
                    )
                }
            }
        }
    }

    private mutating func append(_ row: Row, _ owner: Owner) {
        rows.append(row)
        owners.append(owner)
        share[owner.request] += 1
    }
}
