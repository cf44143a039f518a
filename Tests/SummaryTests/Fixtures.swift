import Policy
import Store

@testable import Summary

/// The moment at which every fixture begins: 2026-11-02T12:00:00Z.
let start = Timestamp(millisecondsSinceEpoch: 1_793_620_800_000)

extension Timestamp {
    func after(_ seconds: Double) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: millisecondsSinceEpoch + Int64(seconds * 1_000))
    }
}

/// A long time after every fixture, when each outcome window has closed.
let muchLater = start.after(90 * 86_400)

extension SplitPolicy {
    /// Low is control, medium and perhaps high are compared with it.
    static func example(
        shares: [String: String] = ["low": "50%", "medium": "50%"],
        decide: String? = "{primary: {metric: success}, planned_subjects: 2000}",
        metrics: String = "{success: {kind: binary}}"
    ) throws -> SplitPolicy {
        let arms = shares.sorted { $0.key < $1.key }.map { name, share in
            "  \(name): {share: \(share), mode: \(name)\(name == "low" ? ", control: true" : "")}"
        }
        let lines =
            ["policy: example", "priority: 1", "salt: example-salt", "arms:"] + arms + ["metrics: \(metrics)"]
            + (decide.map { ["decide: \($0)"] } ?? [])
        return try SplitPolicy(yaml: lines.joined(separator: "\n") + "\n", file: "example.yaml")
    }
}

/// One arm's subjects as a recipe; figures are per subject unless they say otherwise.
struct ArmRecipe {
    var arm: ArmID
    var basisPoints = 5_000
    var subjects = 1_000
    /// Subjects whose every outcome is a success; they come evenly among the others.
    var successes = 800
    var requests = 1
    /// Subjects, the last ones, of which no outcome is known.
    var silent = 0
    /// Subjects, the first ones, whose requests all failed besides having outcomes.
    var failing = 0
    var tokensPerRequest = 100.0
    var latency = 200.0
    /// Keeps subjects of different arms apart.
    var offset: Int64 = 0
    var effort = ArmEffort()

    func observations(of policy: SplitPolicy) -> ArmObservations {
        var totals: [SubjectTotals] = []
        var latencies: [SubjectSample] = []
        for index in 0..<subjects {
            // An arm with a tenth of the traffic meets a subject a tenth as often.
            let pace = 10_000 / Double(basisPoints)
            let number = SubjectNumber(rawValue: offset + Int64(index))
            var one = SubjectTotals(subject: number, firstAssigned: start.after(Double(index) * pace))
            let succeeds = (index + 1) * successes / subjects > index * successes / subjects
            one.requests = requests
            one.failures = index < failing ? requests : 0
            one.withOutcome = index < subjects - silent ? requests : 0
            one.outcomeSum = succeeds ? Double(one.withOutcome) : 0
            one.outcomeSquares = one.outcomeSum
            // Every other request costs a tenth more, every other a tenth less.
            one.candidateTokens = tokensPerRequest * Double(requests) * (index.isMultiple(of: 2) ? 0.9 : 1.1)
            one.cpuSeconds = 0.01 * Double(requests)
            totals.append(one)
            guard index >= failing else { continue }
            for request in 0..<requests {
                let value = latency * (0.5 + Double((index * 7 + request * 3) % 100) / 100)
                latencies.append(SubjectSample(value: value, subject: number))
            }
        }
        return ArmObservations(
            policy: policy.id,
            version: policy.version,
            arm: arm,
            isControl: policy.control.id == arm,
            basisPoints: basisPoints,
            subjects: totals,
            ended: [
                .completed: (subjects - failing) * requests, .failed: failing * requests,
            ],
            latencies: latencies.sorted { $0.value < $1.value },
            firstTokens: latencies.map { SubjectSample(value: $0.value / 4, subject: $0.subject) }
                .sorted { $0.value < $1.value },
            firstAssigned: totals.first?.firstAssigned,
            lastAssigned: totals.last?.firstAssigned
        )
    }
}

/// The report on arms made from recipes.
func report(
    _ policy: SplitPolicy,
    _ recipes: [ArmRecipe],
    asOf now: Timestamp = muchLater,
    shadows: [ShadowObservations] = [],
    notes: [String] = []
) throws -> SummaryReport {
    let judged = try JudgedPolicy(policy)
    var arms: [ArmID: ArmObservations] = [:]
    let efforts = Dictionary(uniqueKeysWithValues: recipes.map { ($0.arm, $0.effort) })
    for (index, recipe) in recipes.enumerated() {
        var recipe = recipe
        recipe.offset = Int64(index) * 1_000_000
        arms[recipe.arm] = recipe.observations(of: policy)
    }
    let observations = Dictionary(uniqueKeysWithValues: judged.metrics.map { ($0.name, arms) })
    let analysis = VersionAnalysis(
        judged: judged,
        observations: observations,
        efforts: efforts,
        shadows: shadows,
        now: now
    )
    return analysis.report(versions: [], notes: notes)
}
