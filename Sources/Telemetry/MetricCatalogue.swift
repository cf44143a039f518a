/// Every metric there is, declared once. Nothing else can be exposed.
public enum MetricCatalogue {
    private static let byArm: [LabelDeclaration] = [.policy, .arm]

    /// From one model step to the longest deadline that a policy may set.
    private static let requestSeconds: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120,
    ]
    /// Doubling from a flush of a fast disk to the store's patience with a locked file.
    private static let commitSeconds: [Double] = [
        0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4,
    ]
    private static let batchWrites: [Double] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096]

    static let requests = MetricDeclaration(
        "headgate_requests_total",
        "Requests that ended, by terminal state.",
        .counter,
        labels: byArm + [.closed("state", RequestState.self)]
    )
    static let latency = MetricDeclaration(
        "headgate_request_latency_seconds",
        "Time from a request's arrival to its end.",
        .histogram(requestSeconds),
        labels: byArm
    )
    static let firstToken = MetricDeclaration(
        "headgate_time_to_first_token_seconds",
        "Time from a request's arrival to the first byte of its answer.",
        .histogram(requestSeconds),
        labels: byArm
    )
    static let queued = MetricDeclaration(
        "headgate_queue_seconds",
        "Time a request waited for a place in the executor.",
        .histogram([0.001] + requestSeconds),
        labels: byArm
    )
    static let degraded = MetricDeclaration(
        "headgate_degraded_requests_total",
        "Requests served in another mode than their arm's.",
        .counter,
        labels: byArm
    )
    static let candidates = MetricDeclaration(
        "headgate_candidates_total",
        "Candidates sampled.",
        .counter,
        labels: byArm
    )
    static let prunedCandidates = MetricDeclaration(
        "headgate_pruned_candidates_total",
        "Candidates cut because their siblings scored better.",
        .counter,
        labels: byArm
    )
    static let stoppedEarly = MetricDeclaration(
        "headgate_requests_stopped_early_total",
        "Requests whose thinking ended before all candidates had, by what ended it.",
        .counter,
        labels: byArm + [.closed("reason", StopReason.self)]
    )
    static let tokens = MetricDeclaration(
        "headgate_tokens_total",
        "Tokens by kind; candidate counts all candidates' thinking and answers, cached is part of prompt.",
        .counter,
        labels: byArm + [.closed("kind", TokenKind.self)]
    )
    static let scoredSteps = MetricDeclaration(
        "headgate_scored_steps_total",
        "Thinking steps that the score head rated.",
        .counter,
        labels: byArm
    )
    static let cpu = MetricDeclaration(
        "headgate_request_cpu_seconds_total",
        "CPU time that requests spent in the model.",
        .counter,
        labels: byArm,
        scale: 1e-6
    )
    static let outcomes = MetricDeclaration(
        "headgate_outcomes_total",
        "Outcomes recorded, by the class of their value.",
        .counter,
        labels: byArm + [.metric, .closed("value", OutcomeClass.self)]
    )
    static let shadows = MetricDeclaration(
        "headgate_shadow_requests_total",
        "Shadows that ended, by how; dropped ones were never begun. They are in no other figure of requests.",
        .counter,
        labels: [.policy, .closed("state", ShadowState.self)]
    )
    static let shadowTokens = MetricDeclaration(
        "headgate_shadow_candidate_tokens_total",
        "Thinking and answer tokens of all candidates of shadows.",
        .counter,
        labels: [.policy]
    )
    static let shadowsWaiting = MetricDeclaration(
        "headgate_shadow_queue_requests",
        "Shadows that wait to begin.",
        .gauge
    )
    static let share = MetricDeclaration(
        "headgate_arm_share_ratio",
        "Share of traffic that the current policy gives the arm.",
        .gauge,
        labels: byArm
    )
    static let policyInfo = MetricDeclaration(
        "headgate_policy_info",
        "The policy version in force; always 1.",
        .gauge,
        labels: [.policy, .version]
    )
    static let rolloutStage = MetricDeclaration(
        "headgate_rollout_stage",
        "The stage that a policy's rollout has come to, from 1; 0 before the first and after a rollback.",
        .gauge,
        labels: [.policy]
    )
    static let reloads = MetricDeclaration(
        "headgate_policy_reloads_total",
        "Times the policy folder was read again.",
        .counter,
        labels: [.closed("result", ReloadResult.self)]
    )
    static let reloadFailed = MetricDeclaration(
        "headgate_policy_reload_failed",
        "1 while the policy folder can't be read and the last good policies stay in force.",
        .gauge
    )
    static let reloadTime = MetricDeclaration(
        "headgate_policy_last_reload_timestamp_seconds",
        "When the policies in force were loaded.",
        .gauge
    )
    static let storeQueue = MetricDeclaration(
        "headgate_store_queue_writes",
        "Writes that wait for the record.",
        .gauge
    )
    static let storeOpen = MetricDeclaration(
        "headgate_store_open_requests",
        "Requests that the record holds as open.",
        .gauge
    )
    static let storeCommit = MetricDeclaration(
        "headgate_store_commit_seconds",
        "Time to write one batch and flush it to disk.",
        .histogram(commitSeconds)
    )
    static let storeBatch = MetricDeclaration(
        "headgate_store_batch_writes",
        "Writes in one batch.",
        .histogram(batchWrites)
    )
    static let storeFailures = MetricDeclaration(
        "headgate_store_failed_commits_total",
        "Batches that could not be written.",
        .counter
    )
    static let storeRefused = MetricDeclaration(
        "headgate_store_refused_writes_total",
        "Writes refused because too many waited.",
        .counter
    )
    static let storeCrashed = MetricDeclaration(
        "headgate_store_crashed_requests",
        "Requests that the last crash left open and the start closed as failed.",
        .gauge
    )
    static let outcomeResults = MetricDeclaration(
        "headgate_outcome_results_total",
        "Outcomes told by clients, by what became of them.",
        .counter,
        labels: [.closed("result", OutcomeResult.self)]
    )
    static let cellsInUse = MetricDeclaration(
        "headgate_kv_cells_in_use",
        "KV cells that running requests have reserved.",
        .gauge
    )
    static let cellsCached = MetricDeclaration(
        "headgate_kv_cells_cached",
        "KV cells that hold prompts for later requests, and are free to those that need them.",
        .gauge
    )
    static let cells = MetricDeclaration("headgate_kv_cells", "KV cells in all.", .gauge)
    static let activeCandidates = MetricDeclaration(
        "headgate_active_candidates",
        "Candidates being decoded.",
        .gauge
    )
    static let queueLength = MetricDeclaration(
        "headgate_queue_requests",
        "Requests that wait for a place in the executor.",
        .gauge
    )
    static let prefixLookups = MetricDeclaration(
        "headgate_prefix_cache_lookups_total",
        "Prompts looked up in the cache of earlier prompts.",
        .counter
    )
    static let prefixHits = MetricDeclaration(
        "headgate_prefix_cache_hits_total",
        "Prompts that had a beginning in common with an earlier one.",
        .counter
    )
    static let prefixReused = MetricDeclaration(
        "headgate_prefix_cache_reused_tokens_total",
        "Prompt tokens taken from the cache and not evaluated again.",
        .counter
    )
    static let activeRequests = MetricDeclaration(
        "headgate_active_requests",
        "Requests that arrived and have not ended.",
        .gauge
    )
    static let responses = MetricDeclaration(
        "headgate_http_responses_total",
        "HTTP responses by route pattern and class of status.",
        .counter,
        labels: [.closed("route", RouteLabel.self), .closed("status", StatusClass.self)]
    )
    static let refusals = MetricDeclaration(
        "headgate_refusals_total",
        "Requests refused, by the error code that the client saw.",
        .counter,
        labels: [.closed("code", RefusalCode.self)]
    )
    static let certificateExpiry = MetricDeclaration(
        "headgate_tls_certificate_expiry_timestamp_seconds",
        "When the served certificate expires.",
        .gauge
    )
    static let build = MetricDeclaration(
        "headgate_build_info",
        "The running version; always 1.",
        .gauge,
        labels: [.version]
    )
    static let dropped = MetricDeclaration(
        "headgate_metrics_dropped_total",
        "Metrics or label values that are not declared and were dropped.",
        .counter
    )
    static let residentMemory = MetricDeclaration(
        "process_resident_memory_bytes",
        "Resident memory of the process.",
        .gauge
    )
    static let processCPU = MetricDeclaration(
        "process_cpu_seconds_total",
        "CPU time of the process, user and system.",
        .counter,
        scale: 1e-6
    )
    static let openFiles = MetricDeclaration("process_open_fds", "Open file descriptors.", .gauge)
    static let startTime = MetricDeclaration(
        "process_start_time_seconds",
        "When the process started, since 1970.",
        .gauge
    )

    /// In the order in which they are exposed.
    public static let all: [MetricDeclaration] = [
        requests, latency, firstToken, queued, degraded, candidates, prunedCandidates, stoppedEarly, tokens,
        scoredSteps, cpu, outcomes, shadows, shadowTokens, shadowsWaiting, share,
        policyInfo, rolloutStage, reloads, reloadFailed, reloadTime, storeQueue, storeOpen, storeCommit,
        storeBatch,
        storeFailures, storeRefused, storeCrashed, outcomeResults, cellsInUse, cellsCached, cells,
        activeCandidates,
        queueLength, prefixLookups, prefixHits, prefixReused, activeRequests, responses, refusals,
        certificateExpiry, build, dropped, residentMemory,
        processCPU, openFiles, startTime,
    ]
}
