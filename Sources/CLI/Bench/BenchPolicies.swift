import ArgumentParser
import Foundation
import Policy

/// `headgate bench policies`: what deciding and reloading cost, and whom a change of shares moves.
struct BenchPolicies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "Measure assignment, reload of a folder, and how many subjects a change of shares moves.",
        discussion: """
            Assignment is timed in this process, beside the fastest request that a gateway of its own answers in \
            the same run. A reload is all that stands between two looks at a folder and the new policies: \
            reading, parsing, checking. The share of subjects moved is that of 10 % to 20 % for one arm.
            """
    )

    @Option(help: "Assignments to time for each number of arms.")
    var assignments = 200_000

    @Option(help: "Subjects to deal before and after a change of shares.")
    var subjects = 100_000

    @Flag(help: "Print the result as JSON.")
    var json = false

    private static let counts = 1_000...100_000_000
    private static let arms = [2, 3, 5]
    private static let folders = [1, 100, 1_000]
    private static let reloads = 5
    private static let requests = 2_000

    func validate() throws {
        for (name, count) in [("--assignments", assignments), ("--subjects", subjects)] {
            guard Self.counts.contains(count) else {
                throw ValidationError(
                    "\(name) is \(count); choose \(Self.counts.lowerBound) to \(Self.counts.upperBound)"
                )
            }
        }
    }

    func run() async throws {
        let request = try await Self.requestMicroseconds()
        let report = Report(
            requestMicroseconds: request,
            assignment: try Self.arms.map { try assignment(arms: $0, request: request) },
            reload: try Self.folders.map { try reload(policies: $0) },
            movement: try Self.arms.map { try movement(arms: $0) }
        )
        print(json ? try JSONText.encode(report) : report.text)
    }

    /// The document of a policy in which one arm has a share and the others what is left, evenly.
    private static func document(_ name: String, arms: Int, share: Int, priority: Int = 1) -> String {
        let rest = 10_000 - share
        let others = (1..<arms).map { number in
            let part = rest / (arms - 1) + (number <= rest % (arms - 1) ? 1 : 0)
            return "  arm-\(number): {share: \(Share(basisPoints: part)), mode: low, control: \(number == 1)}"
        }
        return """
            policy: \(name)
            priority: \(priority)
            match: {headers: {x-tenant: [\(name)]}}
            subject: {from: [header:x-subject-id], otherwise: request}
            salt: bench
            arms:
              arm-0: {share: \(Share(basisPoints: share)), mode: medium}
            \(others.joined(separator: "\n"))
            metrics: {success: {kind: binary}}
            """
    }

    private func assignment(arms: Int, request: Double) throws -> Report.Assignment {
        let policy = try SplitPolicy(
            yaml: Self.document("bench", arms: arms, share: 1_000),
            file: "bench.yaml"
        )
        let attributes = (0..<1_000).map { number in
            RequestAttributes(model: "default", headers: ["x-subject-id": "subject-\(number)"])
        }
        let started = ContinuousClock.now
        for number in 0..<assignments {
            _ = try policy.assignment(
                for: attributes[number % attributes.count],
                requestID: "",
                clientEffort: nil
            )
        }
        let nanoseconds = started.duration(to: .now) / .nanoseconds(1) / Double(assignments)
        return Report.Assignment(
            arms: arms,
            nanoseconds: nanoseconds,
            shareOfRequest: nanoseconds / 1_000 / request
        )
    }

    private func reload(policies: Int) throws -> Report.Reload {
        let files = try ServedGateway.Files.make(policies: [:])
        defer { files.remove() }
        for number in 0..<policies {
            let text = Self.document("p\(number)", arms: 3, share: 1_000, priority: number + 1)
            try files.write(policy: "p\(number).yaml", text)
        }
        let times = try (0..<Self.reloads).map { _ in
            let started = ContinuousClock.now
            let set = try PolicySet.load(folder: files.policies)
            guard set.policies.count == policies else { throw UsageError("a reload lost policies") }
            return started.duration(to: .now) / .milliseconds(1)
        }
        return Report.Reload(
            policies: policies,
            milliseconds: times.sorted()[Self.reloads / 2],
            oneEditMilliseconds: try oneEdit(in: files, of: policies)
        )
    }

    /// What a look takes that finds one document edited, as the middle of several.
    private func oneEdit(in files: ServedGateway.Files, of policies: Int) throws -> Double {
        var set = try PolicySet.load(folder: files.policies)
        let times = try (1...Self.reloads).map { number in
            let text = Self.document("p0", arms: 3, share: 1_000 + number)
            try files.write(policy: "p0.yaml", text)
            let before = set.policy(named: "p0")?.version
            let started = ContinuousClock.now
            let documents = try PolicyFolder(path: files.policies).files()
            set = try PolicySet(files: documents, folder: files.policies, reusing: set)
            let elapsed = started.duration(to: .now) / .milliseconds(1)
            guard set.policies.count == policies, set.policy(named: "p0")?.version != before else {
                throw UsageError("an edit was lost")
            }
            return elapsed
        }
        return times.sorted()[Self.reloads / 2]
    }

    private func movement(arms: Int) throws -> Report.Moved {
        let (old, new) = (
            try SplitPolicy(yaml: Self.document("bench", arms: arms, share: 1_000), file: "old.yaml"),
            try SplitPolicy(yaml: Self.document("bench", arms: arms, share: 2_000), file: "new.yaml")
        )
        let names = (0..<subjects).lazy.map { SubjectID(rawValue: "subject-\($0)") }
        let movement = Movement(from: old, to: new, over: names)
        return Report.Moved(
            arms: arms,
            moved: Double(movement.moved) / Double(movement.subjects),
            least: movement.least.fraction,
            samplingError: (movement.least.fraction * (1 - movement.least.fraction) / Double(subjects))
                .squareRoot()
        )
    }

    /// The median time of a request that the scripted executor answers at once, one after another.
    private static func requestMicroseconds() async throws -> Double {
        guard let executable = Bundle.main.executablePath else {
            throw UsageError("can't find this program's own file to start a gateway from")
        }
        let files = try ServedGateway.Files.make(policies: [
            "bench.yaml": "policy: bench\narms: {low: {share: 100%, mode: low}}\n"
        ])
        defer { files.remove() }
        return try await ServedGateway.serving(
            files,
            executable: executable,
            arguments: ["--backend", "scripted", "--log-level", "error"]
        ) { gateway in
            let generator = LoadGenerator(
                host: "127.0.0.1",
                port: gateway.port,
                certificate: files.certificate,
                connections: 1,
                requestsPerConnection: requests,
                warmUpPerConnection: requests / 10
            )
            return try await generator.run(prompt: "hello").milliseconds(0.5) * 1_000
        }
    }

    struct Report: Encodable {
        struct Assignment: Encodable {
            let arms: Int
            let nanoseconds: Double
            let shareOfRequest: Double
        }
        struct Reload: Encodable {
            let policies: Int
            let milliseconds: Double
            /// The same where all but one document are in force already.
            let oneEditMilliseconds: Double
        }
        struct Moved: Encodable {
            let arms: Int
            let moved: Double
            let least: Double
            /// One standard error of `moved`, were it a sample of `least`.
            let samplingError: Double
        }

        /// Median of a request that is decided, recorded durably and answered, without a model.
        let requestMicroseconds: Double
        let assignment: [Assignment]
        let reload: [Reload]
        let movement: [Moved]

        var text: String {
            let assigned = assignment.map { one in
                "assignment to one of \(one.arms) arms: \(one.nanoseconds.fixed(0)) ns, "
                    + "\((one.shareOfRequest * 100).fixed(2))% of the fastest request"
            }
            let reloads = reload.map { one in
                "reload of \(one.policies) \(one.policies == 1 ? "policy" : "policies"): "
                    + "\(one.milliseconds.fixed(2)) ms, \(one.oneEditMilliseconds.fixed(2)) ms for an edit of one"
            }
            let moved = movement.map { one in
                "10% to 20% for one of \(one.arms) arms moves \((one.moved * 100).fixed(2))% of subjects; "
                    + "the least possible is \((one.least * 100).fixed(2))%, "
                    + "a sampling error \((one.samplingError * 100).fixed(2))%"
            }
            let request = "fastest request: \(requestMicroseconds.fixed(0)) µs (median, one connection)"
            return ([request] + assigned + reloads + moved).joined(separator: "\n")
        }
    }
}
