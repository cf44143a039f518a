internal import Logging
internal import ModelExecutor
internal import Policy
internal import Store
internal import Telemetry

/// What the routes of one gateway share.
struct GatewayCore: Sendable {
    let policies: ActivePolicies
    let clients: ClientAccess
    let backend: any GenerationBackend
    let store: RecordStore
    let metrics: HeadgateMetrics
    let shadows: ShadowService
    let limits: GatewayLimits
    /// Chat requests in progress.
    let admission: Admission
    /// Requests with outcomes in progress.
    let outcomeAdmission: Admission
    /// Bytes of the bodies on their way. They hold no place of `admission`: with one each, a thousand slow clients
    /// would keep everybody else out.
    let arrivals: Admission
    let readiness: Readiness
    let presence: ClientPresence
    let firstAttempts: FirstAttempts
    let ids: RequestID.Generator
    let started: Timestamp
    let now: @Sendable () -> Timestamp
    /// Where a request without a seed gets one.
    let seed: @Sendable () -> UInt64
    let logger: Logger
}
