public import Logging
public import Policy
public import ServiceLifecycle
public import Store
internal import Synchronization

/// Keeps what is in force: the folder's documents, each with the share that its rollout has come to.
///
/// Everything that changes the split comes through one queue and is handled one after another: a new folder, an
/// operator's command, a look at the evidence. A change is on record before any request meets it, so a restart goes on
/// from the state that requests were assigned by.
public final class RolloutController: Service {
    /// How often running rollouts are looked at: what is proven is acted upon within this and one commit.
    public static let defaultInterval = Duration.seconds(2)

    static let closing = "the gateway is shutting down"

    private enum Message {
        case documents(PolicySet, by: PolicyAuthor, CheckedContinuation<PolicyProblem?, Never>)
        case command(PolicyID, OperatorCommand, by: String, CheckedContinuation<CommandReply, Never>)
        case look
    }

    public typealias CommandReply = Result<RolloutStatus, RolloutRefusal>
    public typealias EvidenceSource =
        @Sendable (SplitPolicy, RolloutRule, Timestamp) async throws -> StageEvidence

    let active: ActivePolicies
    let store: RecordStore
    let evidence: EvidenceSource
    private let interval: Duration
    private let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let logger: Logger
    private let onChange: @Sendable (PolicySet) -> Void
    private let mailbox: AsyncStream<Message>
    private let sender: AsyncStream<Message>.Continuation
    private let published: Mutex<[RolloutStatus]>
    private let awaitsLook = Mutex(false)
    private let start: Mutex<RolloutDesk>
    private let known: [SplitPolicy]
    /// The gateways with which this one shares its rollouts; nil for a gateway of its own.
    let fleet: Fleet?
    private let audited: [PolicyID: PolicyVersion]

    /// - Parameters:
    ///   - documents: what the folder holds.
    ///   - rollouts: where rollouts stood when the record was last written.
    ///   - known: the documents that those rollouts were of, as the record kept them.
    ///   - fleet: the gateways with which this one shares its rollouts.
    ///   - audited: the document that each policy had last, by the audit.
    ///   - evidence: what the traffic of the version in force shows.
    ///   - onChange: is told of every set that comes into force, right before it does.
    public init(
        documents: PolicySet,
        rollouts: [RolloutRecord],
        known: [SplitPolicy],
        audited: [PolicyID: PolicyVersion],
        active: ActivePolicies,
        store: RecordStore,
        fleet: Fleet? = nil,
        evidence: @escaping EvidenceSource,
        interval: Duration = RolloutController.defaultInterval,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping @Sendable () -> Timestamp = { .now },
        logger: Logger,
        onChange: @escaping @Sendable (PolicySet) -> Void = { _ in }
    ) {
        self.active = active
        self.store = store
        self.fleet = fleet
        self.evidence = evidence
        self.interval = interval
        self.clock = clock
        self.now = now
        self.logger = logger
        self.onChange = onChange
        (mailbox, sender) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
        let states = rollouts.map { ($0.policy, RolloutState($0)) }
        start = Mutex(RolloutDesk(documents: documents, states: Dictionary(uniqueKeysWithValues: states)))
        self.known = known
        self.audited = audited
        published = Mutex([])
    }

    /// Puts into force what the documents say and the record knows; to be called once, before `run`.
    ///
    /// A document that was edited while nobody served is taken as an edit.
    public func begin() async throws(StoreError) {
        var desk = start.withLock { $0 }
        await takeTurn(&desk)
        let adoption = desk.adopting(desk.documents, replacing: known, now: seconds)
        let edits = DocumentEdit.edits(from: audited, to: desk.documents).map(\.auditAtStart)
        try await commit(adoption, edits, by: .file, &desk)
        start.withLock { $0 = desk }
    }

    /// Where every rollout of the folder stands.
    public var statuses: [RolloutStatus] { published.withLock { $0 } }

    /// Puts a folder's documents into force; returns why they can't be.
    public func adopt(_ documents: PolicySet, by author: PolicyAuthor = .file) async -> PolicyProblem? {
        await withCheckedContinuation { reply in
            if case .terminated = sender.yield(.documents(documents, by: author, reply)) {
                let fix = "start it again"
                let problem = PolicyProblem(file: "policies", message: Self.closing, fix: fix)
                reply.resume(returning: problem)
            }
        }
    }

    public func command(_ command: OperatorCommand, _ policy: PolicyID, by actor: String) async
        -> CommandReply
    {
        await withCheckedContinuation { reply in
            if case .terminated = sender.yield(.command(policy, command, by: actor, reply)) {
                reply.resume(returning: .failure(RolloutRefusal(description: Self.closing)))
            }
        }
    }

    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await self.tick() }
                group.addTask { await self.work() }
                // Whoever waits for a reply gets one; the queue takes nothing more.
                defer { self.sender.finish() }
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private func tick() async throws {
        while !Task.isCancelled {
            do { try await clock.sleep(for: interval) } catch { return }
            // A look that takes longer than the interval must not make commands wait behind a queue of looks.
            let isFirst = awaitsLook.withLock { awaits in
                defer { awaits = true }
                return !awaits
            }
            if isFirst { sender.yield(.look) }
        }
    }

    private func work() async {
        var desk = start.withLock { $0 }
        for await message in mailbox {
            await takeTurn(&desk)
            switch message {
            case .documents(let documents, let author, let reply):
                reply.resume(returning: await adopt(documents, by: author, &desk))
            case .command(let policy, let command, let actor, let reply):
                reply.resume(returning: await obey(command, policy, actor, &desk))
            case .look:
                awaitsLook.withLock { $0 = false }
                await look(&desk)
            }
        }
        await leaveFleet()
    }

    var seconds: Int { Int(now().millisecondsSinceEpoch / 1_000) }

    private func obey(
        _ command: OperatorCommand,
        _ policy: PolicyID,
        _ actor: String,
        _ desk: inout RolloutDesk
    ) async -> CommandReply {
        do throws(RolloutRefusal) {
            try desk.role.check(command)
            let stepped = try desk.stepping(policy, command.event, now: seconds)
            try await commitOrRefuse(stepped.desk, stepped.move, by: actor, &desk)
        } catch {
            return .failure(error)
        }
        guard let status = statuses.first(where: { $0.policy == policy }) else {
            return .failure(RolloutRefusal(description: "policy \(policy) has no rollout"))
        }
        return .success(status)
    }

    private func commitOrRefuse(
        _ next: RolloutDesk,
        _ move: RolloutMove?,
        by actor: String,
        _ desk: inout RolloutDesk
    ) async throws(RolloutRefusal) {
        do throws(StoreError) {
            try await commit(next, move.map { [$0] } ?? [], by: actor, &desk)
        } catch {
            throw RolloutRefusal(description: "the change can't be recorded, so nothing changed: \(error)")
        }
    }

    /// Looks at each rollout that traffic can still tell something about.
    private func look(_ desk: inout RolloutDesk) async {
        var waits: [PolicyID: String] = [:]
        for document in desk.documents.policies {
            guard let rule = document.rollout, desk.state(of: document.id).isRunning else { continue }
            if let reason = desk.role.whyNotJudged {
                waits[document.id] = reason
                continue
            }
            do {
                waits[document.id] = try await judge(document, rule, &desk)
            } catch {
                waits[document.id] = "\(error)"
                logger.error(
                    "rollout not judged",
                    metadata: ["policy": "\(document.id)", "error": "\(error)"]
                )
            }
        }
        publish(desk, waits: waits)
    }

    /// Moves a rollout if its evidence says so; returns what it waits for otherwise.
    private func judge(
        _ document: SplitPolicy,
        _ rule: RolloutRule,
        _ desk: inout RolloutDesk
    ) async throws -> String? {
        let evidence = try await evidence(of: document, rule, desk.state(of: document.id))
        let stepped = try desk.stepping(document.id, .evidenceGathered(evidence), now: seconds)
        if case .waits(let reason) = stepped.step { return reason }
        guard let move = stepped.move else { return nil }
        try desk.role.check(move)
        logger.warning(
            "rollout moves",
            metadata: ["policy": "\(document.id)", "to": "\(move.to.phase)", "because": "\(move.reason)"]
        )
        try await commit(stepped.desk, [move], by: "rollout", &desk)
        return nil
    }

    private func evidence(
        of document: SplitPolicy,
        _ rule: RolloutRule,
        _ state: RolloutState
    ) async throws(RolloutRefusal) -> StageEvidence {
        // From the next full second on: what was assigned before the stage began is in no later one.
        let since = Timestamp(millisecondsSinceEpoch: Int64(state.since + 1) * 1_000)
        do {
            return try await evidence(document.inForce(state), rule, since)
        } catch {
            throw RolloutRefusal(description: "the evidence can't be read: \(error)")
        }
    }

    /// With the fleet first, then on record, then in force: a gateway that dies in between takes the fleet's word up
    /// at its next start.
    func commit(
        _ next: RolloutDesk,
        _ moves: [RolloutMove],
        kept: [RolloutRecord] = [],
        edits: [AuditRecord] = [],
        by actor: String,
        sharing: Bool = true,
        _ desk: inout RolloutDesk
    ) async throws(StoreError) {
        if sharing { try await share(moves, desk.role) }
        let set = next.inForce
        try await store.record(
            InForceChange(
                policies: next.records,
                rollouts: moves.map(\.record) + kept,
                audits: edits + moves.map { $0.audit(by: actor) }
            )
        )
        desk = next
        onChange(set)
        active.replace(with: set)
        publish(next, waits: [:])
    }

    private func publish(_ desk: RolloutDesk, waits: [PolicyID: String]) {
        let all = desk.documents.policies.compactMap { document in
            document.rollout.map { rule in
                RolloutStatus(document, rule, desk.state(of: document.id), waitsFor: waits[document.id])
            }
        }
        published.withLock { $0 = all }
    }
}

extension RolloutState {
    fileprivate var isRunning: Bool {
        switch phase {
        case .stage, .paused: true
        case .idle, .done, .rolledBack: false
        }
    }
}
