import Answers
import Foundation
import NIOCore
import Policy
import Store
import Synchronization

/// Edits of a policy under load, a third of them broken: every answer must come of one version that was written, by
/// that version's own shares.
struct ReloadStorm: Sendable {
    struct Report: Encodable, Sendable {
        var requests = 0
        /// Requests that were not answered with 200.
        var failures = 0
        var edits = 0
        var broken = 0
        /// Versions that answers named.
        var versions = 0
        /// Answers and rows of the record whose version was never written.
        var unknownVersions = 0
        /// Answers whose arm is not the one that their version gives their subject.
        var mixed = 0
        /// From the end of a write to the first answer by the new version, in the middle and at worst; requests under
        /// way at the write are none.
        var medianEffectMilliseconds = 0.0
        var longestEffectMilliseconds = 0.0
    }

    let workers: Int
    let editsPerMinute: Int
    let minutes: Double
    let seed: UInt64

    private static let subjects = 1_000
    private static let file = "storm.yaml"
    /// Every third edit is one of these.
    private static let faults = [
        "policy: storm\narms: {low: {share: 60%, mode: low}, medium: {share: 60%, mode: medium}}\n",
        "policy: storm\narms: {low: {share: 100%, mode: nowhere}}\n", "policy: [storm\n", "",
        "policy: storm\nunknown: key\narms: {low: {share: 100%, mode: low}}\n",
    ]

    /// What the edits and the answers tell of each other.
    fileprivate final class Watch: Sendable {
        struct State: Sendable {
            var report = Report()
            var written: [String: SplitPolicy] = [:]
            /// When each version was written and nothing had been answered by it since.
            var awaited: [String: ContinuousClock.Instant] = [:]
            var effects: [Double] = []
            var seen: Set<String> = []
            var isOver = false
        }

        let state = Mutex(State())
    }

    func run(executable: String) async throws -> Report {
        var random = SplitMix64(seed: seed)
        let watch = Watch()
        let first = try Self.document(using: &random)
        let files = try ServedGateway.Files.make(policies: [Self.file: first.text])
        defer { files.remove() }
        watch.state.withLock { $0.written["\(first.policy.version)"] = first.policy }
        try await ServedGateway.serving(
            files,
            executable: executable,
            arguments: ["--backend", "scripted", "--log-level", "critical"]
        ) { [random] gateway in
            let client = try GatewayClient.make(
                url: gateway.url,
                certificate: files.certificate,
                timeout: .seconds(30)
            )
            let result: Result<Void, any Error>
            do {
                result = .success(try await storm(client, files, watch, random))
            } catch {
                result = .failure(error)
            }
            try await client.close()
            try result.get()
        }
        return try finish(watch, files)
    }

    private func storm(
        _ client: GatewayClient,
        _ files: ServedGateway.Files,
        _ watch: Watch,
        _ random: SplitMix64
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<workers { group.addTask { try await work(worker, client, watch) } }
            group.addTask {
                defer { watch.state.withLock { $0.isOver = true } }
                try await edit(files, watch, random)
            }
            try await group.waitForAll()
        }
    }

    private func work(_ worker: Int, _ client: GatewayClient, _ watch: Watch) async throws {
        var number = worker
        while !watch.state.withLock({ $0.isOver }) {
            let subject = "subject-\(number % Self.subjects)"
            number += workers
            let sent = ContinuousClock.now
            let reply = try await client.ask("hello", model: "default", subject: subject)
            watch.state.withLock { $0.see(reply, subject, sentAt: sent, at: .now) }
        }
    }

    private func edit(_ files: ServedGateway.Files, _ watch: Watch, _ start: SplitMix64) async throws {
        var random = start
        let edits = Int(minutes * Double(editsPerMinute))
        let pause = Duration.seconds(60) / editsPerMinute
        var progress = Progress("edits", total: edits)
        for number in 1...max(edits, 1) {
            try await Task.sleep(for: pause)
            if number.isMultiple(of: 3) {
                let fault = Self.faults[Int.random(in: Self.faults.indices, using: &random)]
                try files.write(policy: Self.file, fault)
                watch.state.withLock { $0.report.broken += 1 }
            } else {
                let document = try Self.document(using: &random)
                // Known before it is written: an answer by it may come at once.
                watch.state.withLock { $0.written["\(document.policy.version)"] = document.policy }
                try files.write(policy: Self.file, document.text)
                watch.state.withLock { $0.expect(document.policy, since: .now) }
            }
            watch.state.withLock { $0.report.edits += 1 }
            progress.show(number)
        }
    }

    private static func document(
        using random: inout SplitMix64
    ) throws -> (text: String, policy: SplitPolicy) {
        let medium = Int.random(in: 1...9_999, using: &random)
        let text = """
            policy: storm
            subject: {from: [header:x-subject-id], otherwise: refuse}
            salt: storm
            arms:
              low: {share: \(Share(basisPoints: 10_000 - medium)), mode: low, control: true}
              medium: {share: \(Share(basisPoints: medium)), mode: medium}

            """
        return (text, try SplitPolicy(yaml: text, file: file))
    }

    /// Adds what the record says to what the answers said.
    private func finish(_ watch: Watch, _ files: ServedGateway.Files) throws -> Report {
        let recorded = try RecordReader(path: files.database).policies().map { "\($0.version)" }
        return watch.state.withLock { state in
            var report = state.report
            report.versions = state.seen.count
            report.unknownVersions += recorded.count { state.written[$0] == nil }
            let effects = state.effects.sorted()
            report.medianEffectMilliseconds = effects.isEmpty ? 0 : effects[effects.count / 2]
            report.longestEffectMilliseconds = effects.last ?? 0
            return report
        }
    }
}

extension ReloadStorm.Watch.State {
    fileprivate mutating func expect(_ policy: SplitPolicy, since instant: ContinuousClock.Instant) {
        // What was never seen because the next edit came first is not waited for.
        awaited = ["\(policy.version)": instant]
    }

    fileprivate mutating func see(
        _ reply: GatewayClient.Reply,
        _ subject: String,
        sentAt sent: ContinuousClock.Instant,
        at now: ContinuousClock.Instant
    ) {
        report.requests += 1
        guard reply.status == 200, let version = reply.policy?.split(separator: "@").last.map(String.init)
        else {
            report.failures += 1
            return
        }
        seen.insert(version)
        guard let policy = written[version] else {
            report.unknownVersions += 1
            return
        }
        let arm = policy.arm(for: SubjectID(rawValue: subject)).id.rawValue
        if reply.arm != arm { report.mixed += 1 }
        if let since = awaited[version] {
            awaited[version] = nil
            effects.append(max(0, since.duration(to: now) / .milliseconds(1)))
        }
    }
}
