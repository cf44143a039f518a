import Foundation
import NIOCore
import Policy
import Synchronization

/// A fault in the arm that is being rolled out, under live traffic: how long until the arm has nothing.
struct FaultDrill: Sendable {
    enum Fault: String, CaseIterable, Sendable {
        case failures, latency

        /// What a request asks of the scripted backend once the fault is there: the treatment arm alone has 8
        /// candidates.
        var prompt: String {
            switch self {
            case .failures: "hello #delay=20 #from=8 #fail=model"
            case .latency: "hello #delay=20 #from=8 #delay=60"
            }
        }

        var words: String {
            switch self {
            case .failures: "every request of the arm fails"
            case .latency: "the arm takes three times as long"
            }
        }
    }

    struct Report: Encodable, Sendable {
        let fault: String
        /// From the first request of the faulty arm to the last one.
        let seconds: Double
        /// Requests of the faulty arm.
        let exposed: Int
        /// Requests of all arms in the same time.
        let requests: Int
        let phase: String
    }

    let fault: Fault
    let workers: Int
    let patience: Duration

    private static let healthy = "hello #delay=20"
    private static let subjects = 5_000
    /// Requests before the fault, so that it meets an arm with a past.
    private static let requestsBefore = 400

    static let policy = """
        policy: ramp
        arms:
          low: {share: 100%, mode: low, control: true}
          medium: {share: 0%, mode: medium}
        limits: {deadline: 30s, max_tokens: 512, on_overload: reject}
        metrics: {success: {kind: binary}}
        decide:
          primary: {metric: success}
          guardrails:
            - {metric: latency_p95, at_most_ratio: 1.5}
            - {metric: failure_rate, at_most_increase: 0.5%}
        rollout: {arm: medium, stages: [25%, 100%], hold: {time: 1h, subjects: 500}, advance: automatic}
        """

    /// What the workers of one run have seen.
    fileprivate struct Sightings: Sendable {
        var sent = 0
        var isOver = false
        var faultFrom: ContinuousClock.Instant?
        var exposed = 0
        var during = 0
        var lastExposed: ContinuousClock.Instant?
    }

    private final class Watch: Sendable {
        let state = Mutex(Sightings())
    }

    func run(executable: String) async throws -> Report {
        let files = try ServedGateway.Files.make(policies: ["ramp.yaml": Self.policy])
        defer { files.remove() }
        let key = try RolloutOperator.key(in: files)
        return try await ServedGateway.serving(
            files,
            executable: executable,
            arguments: ["--backend", "scripted", "--log-level", "error"]
        ) { gateway in
            let client = try GatewayClient.make(
                url: gateway.url,
                certificate: files.certificate,
                timeout: .seconds(30)
            )
            let result: Result<Report, any Error>
            do {
                result = .success(
                    try await RolloutOperator.using(key, at: gateway) { try await drill(client, $0) }
                )
            } catch {
                result = .failure(error)
            }
            try await client.close()
            return try result.get()
        }
    }

    private func drill(_ client: GatewayClient, _ commander: RolloutOperator) async throws -> Report {
        _ = try await commander.command(.start, "ramp")
        let sightings = Watch()
        let started = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask { try await work(client, sightings) } }
            var phase = ""
            while started.duration(to: .now) < patience {
                phase = try await commander.standing(of: "ramp").phase
                if phase.hasPrefix("rolled back") { break }
                try await Task.sleep(for: .milliseconds(100))
            }
            // What was under way when the arm lost its share still counts as exposed.
            sightings.state.withLock { $0.isOver = true }
            try await group.waitForAll()
            return sightings.state.withLock { report($0, phase) }
        }
    }

    private func work(_ client: GatewayClient, _ sightings: Watch) async throws {
        while let (number, isFaulty) = sightings.state.withLock({ $0.next(after: Self.requestsBefore) }) {
            let subject = "subject-\(number % Self.subjects)"
            let sent = ContinuousClock.now
            let prompt = isFaulty ? fault.prompt : Self.healthy
            let reply = try await client.ask(prompt, model: "default", subject: subject)
            if isFaulty { sightings.state.withLock { $0.see(reply.arm, sentAt: sent) } }
        }
    }

    private func report(_ sightings: Sightings, _ phase: String) -> Report {
        let seconds = sightings.faultFrom.flatMap { from in
            sightings.lastExposed.map { from.duration(to: $0) / .seconds(1) }
        }
        return Report(
            fault: fault.words,
            seconds: seconds ?? 0,
            exposed: sightings.exposed,
            requests: sightings.during,
            phase: phase
        )
    }
}

extension FaultDrill.Sightings {
    /// The next request's number and whether the fault is there by then; nil when all is over.
    fileprivate mutating func next(after before: Int) -> (number: Int, isFaulty: Bool)? {
        if isOver { return nil }
        sent += 1
        return (sent, sent > before)
    }

    fileprivate mutating func see(_ arm: String?, sentAt: ContinuousClock.Instant) {
        during += 1
        guard arm == "medium" else { return }
        exposed += 1
        faultFrom = min(faultFrom ?? sentAt, sentAt)
        lastExposed = max(lastExposed ?? sentAt, sentAt)
    }
}
