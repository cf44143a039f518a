/// The scheduler's state: who waits, who runs, which sequences and cells are free.
struct Board {
    var hasWork: Bool { queuedRequests + runningRequests > 0 }
    var queuedRequests: Int { 0 }
    var runningRequests: Int { 0 }
    var reservedCells: Int { 0 }

    init(model: borrowing some TokenModel, settings: BatchSettings) {}

    mutating func submit(
        _ request: GenerationRequest,
        to model: some TokenModel,
        now: ContinuousClock.Instant
    ) throws(ExecutorError) -> RequestHandle {
        throw .modelFailed("not built yet")
    }

    mutating func cancel(_ handle: RequestHandle, in model: inout some TokenModel) -> Compute? { nil }

    mutating func step(_ model: inout some TokenModel, now: ContinuousClock.Instant) -> [Emission] { [] }
}
