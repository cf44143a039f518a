/// The rows of one batch and whose they are, reused from step to step.
struct BatchPlan {
    struct Owner {
        let request: Int
        /// Nil for a row of the prompt.
        let candidate: Int?
    }

    /// Prompt rows of a batch that also decodes: what a long prompt may hold running answers up for.
    static let promptRowsBesideDecoding = 32
    /// A request with so few rows is never made to wait for its turn.
    static let smallRows = 2

    private(set) var rows: [Row] = []
    private(set) var owners: [Owner] = []
    /// Rows of each request, by its index.
    private(set) var share: [Int] = []
    private(set) var decodingRows = 0
    private var bySequence: [Owner?]
    private var chunks: [Int]
    private let capacity: Int
    /// Where the next batch begins when not all candidates of large requests fit one.
    private var cursor = 0
    /// Rotates whose prompt gets the first row where there are more prompts than rows.
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
    /// Where small requests decode beside large ones, a batch holds at most `saturation` rows of the large: more would
    /// take longer and decode no more tokens a second, and the small ones would wait for it at every token. The large
    /// ones' candidates take turns by sequence, since a batch of neighbours is one piece of work for the model. A
    /// prompt beside running answers comes in small chunks, shared by request. Background requests have no row while
    /// anybody else is there.
    mutating func collect(from requests: [RunningRequest], saturation: Int?) {
        for sequence in bySequence.indices {
            bySequence[sequence] = nil
            chunks[sequence] = 0
        }
        let isBusy = requests.contains { !$0.isBackground }
        func stands(_ request: RunningRequest) -> Bool { isBusy && request.isBackground }
        let waiting = requests.map {
            $0.isPrefilling && !stands($0) ? $0.prompt.count - $0.prefilled : 0
        }
        let kept = min(waiting.reduce(0, +), max(1, capacity / 4))
        decodingRows = 0
        var large: [(sequence: Int, owner: Owner)] = []
        for (index, request) in requests.enumerated() where !request.isPrefilling && !stands(request) {
            let running = request.candidates.prefix(request.started).filter(\.isRunning)
            let isSmall = running.count <= Self.smallRows && decodingRows + running.count <= capacity - kept
            for candidate in running {
                guard let sequence = candidate.sequence else { continue }
                let owner = Owner(request: index, candidate: candidate.index)
                if isSmall {
                    bySequence[sequence] = owner
                    decodingRows += 1
                } else {
                    large.append((sequence, owner))
                }
            }
        }
        var room = capacity - kept - decodingRows
        if decodingRows > 0, let saturation { room = min(room, saturation) }
        takeTurns(large, room: room)
        read(requests, waiting)
        emit(requests)
    }

    /// Takes as many of the rows as there is room for, from where the last batch left off.
    private mutating func takeTurns(_ large: [(sequence: Int, owner: Owner)], room: Int) {
        guard large.count > room else {
            for (sequence, owner) in large { bySequence[sequence] = owner }
            decodingRows += large.count
            return
        }
        let ordered = large.sorted { $0.sequence < $1.sequence }
        let first = ordered.firstIndex { $0.sequence >= cursor } ?? 0
        for offset in 0..<room {
            let (sequence, owner) = ordered[(first + offset) % ordered.count]
            bySequence[sequence] = owner
            cursor = sequence + 1
        }
        decodingRows += room
    }

    /// Shares what is left of the batch among the prompts.
    private mutating func read(_ requests: [RunningRequest], _ waiting: [Int]) {
        let left = capacity - decodingRows
        let room = decodingRows == 0 ? left : min(left, max(Self.promptRowsBesideDecoding, decodingRows))
        turn &+= 1
        let shares = Self.shares(of: room, among: waiting, tiers: requests.map(\.request.tier), turn: turn)
        for (index, request) in requests.enumerated() where shares[index] > 0 {
            guard let sequence = request.promptSequence else { continue }
            chunks[sequence] = shares[index]
            bySequence[sequence] = Owner(request: index, candidate: nil)
        }
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
