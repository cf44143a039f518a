import Foundation
import Gateway
import LlamaBackend
import Logging
import ModelExecutor
import Policy
import Rollout
import ServiceLifecycle
import Store
import Telemetry
import UnixSignals

/// Keeps the record open while the other services run and closes it after them.
struct RecordService: Service {
    let store: RecordStore

    func run() async throws {
        try? await gracefulShutdown()
        try await store.shutdown()
    }
}

/// Watches the policy folder; a change is in force once the record knows it, and SIGHUP asks for a look at once.
struct PolicyWatchService: Service {
    let watcher: PolicyWatcher

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watcher.run() }
                for await _ in await UnixSignalsSequence(trapping: .sighup) { await watcher.reload() }
                try await group.waitForAll()
            }
        }
    }
}

extension Serve.Parts {
    /// The watch over the folder, and the way to edit it.
    ///
    /// A version is recorded before any request can be assigned by it; if it can't be, the old one stays.
    func watcher(of folder: String, for model: ModelDescription, _ rollouts: RolloutController)
        -> PolicyWatcher
    {
        PolicyWatcher(
            folder: folder,
            loaded: documents,
            check: { $0.problems(serving: model) },
            prepare: { await rollouts.adopt($0, by: $1) },
            onReload: { tell($0) }
        )
    }

    private func tell(_ reload: PolicyReload) {
        switch reload {
        case .unchanged: return
        case .loaded(let set):
            let versions = set.policies.map { "\($0.id)@\($0.version)" }.joined(separator: " ")
            logger.info("policies in force", metadata: ["versions": "\(versions)"])
            for warning in set.warnings { logger.warning("\(warning)") }
        case .refused(let problems):
            metrics.policies.reloadFailed()
            logger.error("the policies changed and are refused, so the old ones stay:\n\(problems)")
        }
    }

    /// Brings into force what the folder says and the record knows of its rollouts.
    ///
    /// A document that was edited while nobody served is taken over as an edit is.
    func rolloutController(recordAt path: String, fleet: Fleet?) async throws -> RolloutController {
        let reader = try RecordReader(path: path)
        let evidence = SummaryEvidence(reader: reader)
        let (metrics, policies) = (metrics, policies)
        let records = try reader.rollouts()
        let known = try reader.policies()
        let controller = RolloutController(
            documents: documents,
            rollouts: records,
            known: try known.filter { record in
                records.contains { $0.policy == record.policy && $0.document == record.version }
            }.map { try SplitPolicy(yaml: $0.document, file: "\($0.policy)@\($0.version)") },
            audited: try reader.auditedDocuments(),
            active: policies,
            store: store,
            fleet: fleet,
            evidence: { try evidence.stage($0, $1, since: $2) },
            logger: logger
        ) { set in metrics.admit(set, replacing: policies.current, at: Date()) }
        try await controller.begin()
        return controller
    }
}

extension Serve.Parts {
    /// The first attempts that retries may still come after, as a gateway before this one recorded them.
    func firstAttempts(recordAt path: String) throws(StoreError) -> FirstAttempts {
        let window = Int64(FirstAttempts.window / .milliseconds(1))
        let start = Timestamp(millisecondsSinceEpoch: Timestamp.now.millisecondsSinceEpoch - window)
        return FirstAttempts(
            try RecordReader(path: path).firstAttempts(since: start, limit: FirstAttempts.limit)
        )
    }
}

extension ExecutorMetrics {
    func set(_ load: SessionLoad) {
        cells.set(Double(load.cells))
        cellsInUse.set(Double(load.reservedCells))
        cellsCached.set(Double(load.cachedCells))
        activeCandidates.set(Double(load.runningCandidates))
        queueLength.set(Double(load.queuedRequests))
        let prefixes = load.prefixes
        setPrefixCache(
            lookups: prefixes.lookups,
            hits: prefixes.hits,
            reusedTokens: prefixes.reusedTokens
        )
    }
}

extension HeadgateMetrics {
    /// Makes the policies of a loaded folder countable, and the removed ones' shares zero.
    func admit(_ set: PolicySet, replacing old: PolicySet? = nil, at time: Date) {
        for policy in set.policies {
            let shares = policy.arms.map { ("\($0.id)", Double($0.share.basisPoints) / 10_000) }
            admit(
                policy: "\(policy.id)",
                version: "\(policy.version)",
                shares: Dictionary(uniqueKeysWithValues: shares),
                outcomes: policy.metrics.map { "\($0.name)" }
            )
        }
        for gone in old?.policies ?? [] where set.policy(named: gone.id) == nil {
            policies.retire(policy: "\(gone.id)")
        }
        policies.reloaded(at: time.timeIntervalSince1970)
    }
}
