/// The rows of one batch and whose they are, reused from step to step.
struct BatchPlan {
    struct Owner {
        let request: Int
        /// Nil for a row of the prompt.
        let candidate: Int?
    }

    /// Prompt rows of a batch that also decodes: what a long prompt may hold running answers up for.
    static let promptRowsBesideDecoding = 32
    /// Rows that are decoded together even where the machine would be as fast with fewer.
    static let fewestSharedRows = 8

    private(set) var rows: [Row] = []
    private(set) var owners: [Owner] = []
    /// Rows of each request, by its index.
    private(set) var share: [Int] = []
    private(set) var decodingRows = 0
    private var bySequence: [Owner?]
    private var chunks: [Int]
    private let capacity: Int
    /// Rotates which request gets a row first where there are more requests than rows.
    private var turn = 0

    init(limits: ModelLimits) {
        capacity = limits.rowsPerBatch
        let sequences = limits.sequences + limits.prefixSequences
        bySequence = Array(repeating: nil, count: sequences)
        chunks = Array(repeating: 0, count: sequences)
        rows.reserveCapacity(capacity)
        owners.reserveCapacity(capacity)
    }

    /// Collects a row for each running candidate, and fills up with prompts.
    ///
    /// Where several requests decode, a batch holds at most `saturation` of their rows: more would take longer and
    /// decode no more tokens a second. Those rows are shared by request and not by candidate, so that a small
    /// request goes on at nearly its own speed beside a large one, whose later candidates wait their turn. A prompt
    /// beside running answers comes in small chunks, shared alike.
    mutating func collect(from requests: [RunningRequest], saturation: Int?) {
        for sequence in bySequence.indices {
            bySequence[sequence] = nil
            chunks[sequence] = 0
        }
        let running = requests.map { $0.isPrefilling ? 0 : $0.runningCandidates }
        let waiting = requests.map { $0.isPrefilling ? $0.prompt.count - $0.prefilled : 0 }
        let tiers = requests.map(\.request.tier)
        let unread = waiting.reduce(0, +)
        let kept = min(unread, max(1, capacity / 4))
        var room = capacity - kept
        if running.count(where: { $0 > 0 }) > 1, let saturation {
            room = min(room, max(Self.fewestSharedRows, saturation))
        }
        turn &+= 1
        let decoded = Self.shares(of: room, among: running, tiers: tiers, turn: turn)
        decodingRows = decoded.reduce(0, +)
        let left = capacity - decodingRows
        let promptRoom =
            decodingRows == 0 ? left : min(left, max(Self.promptRowsBesideDecoding, decodingRows))
        let read = Self.shares(of: promptRoom, among: waiting, tiers: tiers, turn: turn)
        for (index, request) in requests.enumerated() {
            if let sequence = request.promptSequence, read[index] > 0 {
                chunks[sequence] = read[index]
                bySequence[sequence] = Owner(request: index, candidate: nil)
            }
            choose(decoded[index], of: request, at: index)
        }
        emit(requests)
    }

    /// Shares that differ by no more than the demands make them: each gets what it asks for, or as much as anyone.
    /// Higher tiers are served first, but nobody is left without a row while there are any.
    static func shares(of room: Int, among demands: [Int], tiers: [Tier], turn: Int) -> [Int] {
        var shares = Array(repeating: 0, count: demands.count)
        var left = room
        let count = max(1, demands.count)
        for offset in demands.indices where left > 0 {
            let index = (offset + turn) % count
            if demands[index] > 0 {
                shares[index] = 1
                left -= 1
            }
        }
        for tier in Tier.allCases.sorted(by: >) {
            var open = demands.indices.filter {
                tiers[$0] == tier && shares[$0] > 0 && shares[$0] < demands[$0]
            }
            open.sort { demands[$0] < demands[$1] }
            for (position, index) in open.enumerated() {
                // Each of those not yet served could have this many, its first row counted.
                let held = open[position...].reduce(0) { $0 + shares[$1] }
                let fair = (left + held) / (open.count - position)
                let more = max(0, min(demands[index], fair) - shares[index])
                shares[index] += more
                left -= more
            }
        }
        return shares
    }

    private mutating func choose(_ count: Int, of request: RunningRequest, at index: Int) {
        var left = count
        for candidate in request.candidates.prefix(request.started) where left > 0 && candidate.isRunning {
            guard let sequence = candidate.sequence else { continue }
            bySequence[sequence] = Owner(request: index, candidate: candidate.index)
            left -= 1
        }
    }

    private mutating func emit(_ requests: [RunningRequest]) {
        rows.removeAll(keepingCapacity: true)
        owners.removeAll(keepingCapacity: true)
        share.removeAll(keepingCapacity: true)
        for _ in requests { share.append(0) }
        for sequence in bySequence.indices {
            guard let owner = bySequence[sequence] else { continue }
            let request = requests[owner.request]
            if let candidate = owner.candidate {
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
