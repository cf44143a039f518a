import ModelExecutor
import TestSupport

/// Drives a batch to the end and keeps what every request told.
struct BatchRunner {
    typealias Script = ScriptedTokenModel.Completion

    var batch: ContinuousBatch<ScriptedTokenModel>
    let clock = ManualClock()
    /// How far the clock moves with every step.
    var stepDuration = Duration.milliseconds(10)
    private(set) var events: [RequestHandle: [GenerationEvent]] = [:]
    private(set) var failures: [RequestHandle: ExecutorError] = [:]
    private(set) var spent: [RequestHandle: Compute] = [:]
    private(set) var log: [Emission] = []

    init(_ model: ScriptedTokenModel, settings: BatchSettings = BatchSettings()) {
        batch = ContinuousBatch(model: model, settings: settings)
    }

    mutating func submit(_ request: GenerationRequest) throws(ExecutorError) -> RequestHandle {
        try batch.submit(request, now: clock.now)
    }

    mutating func step() {
        for emission in batch.step(now: clock.now) {
            log.append(emission)
            switch emission.content {
            case .event(let event): events[emission.request, default: []].append(event)
            case .failed(let error, let compute):
                failures[emission.request] = error
                spent[emission.request] = compute
            }
        }
        clock.advance(by: stepDuration)
    }

    /// A step on a machine where each row takes a millisecond, so that more rows are never faster.
    mutating func stepByRows() {
        let rows = batch.model.decodedRows
        stepDuration = .zero
        step()
        clock.advance(by: .milliseconds(batch.model.decodedRows - rows))
    }

    /// Steps until nothing is left to do; throws if that takes more steps than any test needs.
    mutating func finish(atMost steps: Int = 20_000) throws {
        for _ in 0..<steps where batch.hasWork { step() }
        if batch.hasWork { throw Stuck(log: log.suffix(10)) }
    }

    struct Stuck: Error {
        let log: ArraySlice<Emission>
    }

    func result(of handle: RequestHandle) -> GenerationResult? {
        events[handle]?.result
    }

    func answer(to handle: RequestHandle) -> String {
        (events[handle] ?? []).map { event in
            if case .answer(let delta) = event { delta } else { "" }
        }.joined()
    }

    /// Whether every sequence and cell is back.
    var isClean: Bool {
        batch.reservedCells == 0 && batch.model.liveSequences == 0 && batch.model.liveCells == 0
    }
}

extension GenerationRequest {
    static func asking(
        _ text: String = "Hello",
        k: Int = 1,
        _ selection: Selection = .first,
        temperature: Double = 1,
        seed: UInt64 = 1,
        maxTokens: Int = 100,
        stop: [String] = [],
        deadline: ContinuousClock.Instant? = nil,
        pruning: Pruning? = nil,
        escalation: Escalation? = nil,
        search: Search = .bestOf,
        budget: Int? = nil
    ) -> GenerationRequest {
        GenerationRequest(
            messages: [ChatMessage(role: .user, content: text)],
            effort: Effort(
                k: k,
                selection: selection,
                pruning: pruning,
                escalation: escalation,
                search: search,
                tokenBudget: budget
            ),
            sampling: Sampling(temperature: temperature, topP: 1, seed: seed),
            maxTokens: maxTokens,
            stop: stop,
            deadline: deadline
        )
    }
}

extension ScriptedBehaviour {
    static func saying(_ completions: ScriptedTokenModel.Completion...) -> ScriptedBehaviour {
        .completions { _ in completions }
    }
}

extension [GenerationEvent] {
    var selected: Selected? {
        for case .selected(let selected) in self { return selected }
        return nil
    }

    var result: GenerationResult? {
        if case .finished(let result) = last { result } else { nil }
    }
}
