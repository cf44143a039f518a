import AsyncHTTPClient
import Answers
import Foundation
import Policy
import Rollout
import Store
import Subprocess

/// Kills a gateway at every step of a rollout, starts it again, and compares where the rollout then stands with what the
/// record said.
struct CrashDrill: Sendable {
    struct Report: Encodable, Sendable {
        var kills = 0
        /// Kills that came before the step was on record.
        var before = 0
        /// Kills that came after it.
        var after = 0
        /// Starts after which phase, share or version was not what the record said.
        var mismatches = 0
    }

    let rounds: Int
    let seed: UInt64

    /// A way through all phases that ends where it can begin again.
    private static let steps: [OperatorCommand] = [.start, .pause, .resume, .promote, .promote, .rollback]
    /// A step takes a few milliseconds on a fast machine and many on a busy one. Moments are drawn evenly over the
    /// orders of magnitude between these, so kills fall before, into and after it on either.
    private static let killMilliseconds = 0.05...30.0
    /// Tries of one step after which it is done without a kill.
    private static let mostTries = 10
    private static let policy = "ramp"

    /// Each step is tried until it is on record, and every try is killed.
    func run(executable: String) async throws -> Report {
        let files = try ServedGateway.Files.make(policies: ["ramp.yaml": FaultDrill.policy])
        defer { files.remove() }
        let key = try RolloutOperator.key(in: files)
        var random = SplitMix64(seed: seed)
        var report = Report()
        var progress = Progress("steps", total: rounds * Self.steps.count)
        for number in 0..<rounds * Self.steps.count {
            let step = Self.steps[number % Self.steps.count]
            let before = try Self.recorded(files)
            var tries = 0
            while try Self.recorded(files) == before {
                tries += 1
                let moment = Self.moment(using: &random)
                let kill = tries > Self.mostTries ? nil : moment
                try await attempt(step, killedAfter: kill, files, key, executable, &report)
            }
            progress.show(number + 1)
        }
        try await attempt(nil, killedAfter: nil, files, key, executable, &report)
        return report
    }

    private static func moment(using random: inout SplitMix64) -> Duration {
        let (earliest, latest) = (log(killMilliseconds.lowerBound), log(killMilliseconds.upperBound))
        return .milliseconds(exp(Double.random(in: earliest...latest, using: &random)))
    }

    /// Starts the gateway, looks whether it goes on from the record, and begins a step that a kill may cut short.
    private func attempt(
        _ step: OperatorCommand?,
        killedAfter moment: Duration?,
        _ files: ServedGateway.Files,
        _ key: String,
        _ executable: String,
        _ report: inout Report
    ) async throws {
        let was = try Self.recorded(files)
        let expected = try Self.standing(was)
        let isRight = try await ServedGateway.serving(
            files,
            executable: executable,
            arguments: ["--backend", "scripted", "--log-level", "critical"]
        ) { gateway in
            try await RolloutOperator.using(key, at: gateway) { commander in
                let isRight = try await commander.standing(of: Self.policy) == expected
                if let step { try await Self.perform(step, killedAfter: moment, gateway, commander) }
                return isRight
            }
        }
        if !isRight { report.mismatches += 1 }
        guard step != nil, moment != nil else { return }
        report.kills += 1
        if try Self.recorded(files) == was { report.before += 1 } else { report.after += 1 }
    }

    private static func perform(
        _ step: OperatorCommand,
        killedAfter moment: Duration?,
        _ gateway: ServedGateway,
        _ commander: RolloutOperator
    ) async throws {
        guard let moment else {
            _ = try await commander.command(step, policy)
            return
        }
        await withTaskGroup(of: Void.self) { group in
            // A command that is killed has no answer, and what became of it the record says.
            group.addTask { _ = try? await commander.command(step, policy) }
            group.addTask {
                try? await Task.sleep(for: moment)
                try? gateway.send(.kill)
            }
        }
    }

    private static func recorded(_ files: ServedGateway.Files) throws -> RolloutRecord? {
        guard FileManager.default.fileExists(atPath: files.database) else { return nil }
        return try RecordReader(path: files.database).rollouts().first
    }

    /// Where a gateway that goes on from this record must say that the rollout stands.
    private static func standing(_ record: RolloutRecord?) throws -> RolloutOperator.Standing {
        let document = try SplitPolicy(yaml: FaultDrill.policy, file: "ramp.yaml")
        let state = record.map { RolloutState($0) } ?? RolloutState(phase: .idle, since: 0)
        let policy = document.inForce(state)
        return RolloutOperator.Standing(
            phase: "\(state.phase)",
            share: policy.arm("medium").map { "\($0.share)" } ?? "",
            version: "\(policy.version)"
        )
    }
}
