import Policy
import Stats
import Summary

/// What `diff` found, as `diff --json` prints it with keys in snake case.
///
/// `changes` are lines of the normal form, each with its `section` (such as `salt`, `arms` or `decide.guardrails`),
/// `old` (null where the line is new) and `new` (null where it is gone). `subjects` made-up ones were dealt by both
/// documents. `moved` is the share of them that gets another arm, between `moved_low` and `moved_high` at 95 %;
/// `least_moved` is what any assignment with these shares must move; `entered` and `left` are those that the policy
/// takes anew or no more, by `match.traffic`. `flows` has the share of subjects that goes `from` one arm `to` another or
/// the same, null where the policy doesn't take them; those that are not there are 0. `recorded_subjects` is how many the
/// record knows of the policy, null without `--db`; no other figure depends on it.
struct DiffReport: Encodable {
    struct Change: Encodable {
        let section: String
        @OrNull var old: String?
        @OrNull var new: String?

        /// The part of the traffic that the policy takes, which the figures have in them.
        var isTraffic: Bool { section == "match" && (old ?? new ?? "").hasPrefix("traffic:") }
    }

    struct Flow: Encodable {
        @OrNull var from: ArmID?
        @OrNull var to: ArmID?
        let share: Double
    }

    let policy: PolicyID
    let oldVersion: PolicyVersion
    let newVersion: PolicyVersion
    let changes: [Change]
    let subjects: Int
    let moved: Double
    let movedLow: Double
    let movedHigh: Double
    let leastMoved: Double
    let entered: Double
    let left: Double
    let flows: [Flow]
    @OrNull var recordedSubjects: Int?

    init(from old: SplitPolicy, to new: SplitPolicy, movement: Movement, recordedSubjects: Int?) {
        policy = old.id
        oldVersion = old.version
        newVersion = new.version
        changes = old.changes(to: new).map { Change(section: $0.section, old: $0.old, new: $0.new) }
        subjects = movement.subjects
        let total = Double(movement.subjects)
        let interval = Counts(successes: movement.moved, trials: movement.subjects).wilsonInterval()
        moved = Double(movement.moved) / total
        movedLow = interval.lower
        movedHigh = interval.upper
        leastMoved = movement.least.fraction
        entered = Double(movement.entered) / total
        left = Double(movement.left) / total
        flows = movement.flows.map { Flow(from: $0.from, to: $0.to, share: Double($0.subjects) / total) }
        self.recordedSubjects = recordedSubjects
    }
}

extension DiffReport {
    /// For a person: the changes as lines that go and come, then the matrix of arms.
    func text(_ terminal: Terminal) -> String {
        guard !changes.isEmpty else {
            return "Policy \(policy)@\(oldVersion): both documents mean the same, and nobody moves."
        }
        let head = "Policy \(policy): version \(oldVersion) becomes \(newVersion)"
        return ([terminal.styled(head, .bold)] + changeLines(terminal) + [""] + matrix + [""] + summary)
            .joined(separator: "\n")
    }

    private func changeLines(_ terminal: Terminal) -> [String] {
        var section = ""
        return changes.flatMap { change in
            let title = change.section == section ? [] : ["  \(change.section)"]
            section = change.section
            return title + [change.old.map { terminal.styled("    - \($0)", .red) }].compactMap(\.self)
                + [change.new.map { terminal.styled("    + \($0)", .green) }].compactMap(\.self)
        }
    }

    private var matrix: [String] {
        let arms = (from: places(flows.map(\.from)), to: places(flows.map(\.to)))
        var table = TextTable(["From \\ to"] + arms.to.map { name(of: $0) })
        for from in arms.from {
            let shares = arms.to.map { to in
                flows.first { $0.from == from && $0.to == to }.map { percent($0.share) } ?? "–"
            }
            table.add([name(of: from)] + shares)
        }
        return table.lines.map { "  " + $0 }
    }

    /// Arms by name, then those that the policy doesn't take.
    private func places(_ all: [ArmID?]) -> [ArmID?] {
        Set(all.compactMap(\.self)).sorted().map { $0 } + (all.contains(nil) ? [nil] : [])
    }

    private func name(of arm: ArmID?) -> String { arm?.rawValue ?? "(not taken)" }

    private var summary: [String] {
        var lines = [
            "\(percent(moved)) of subjects move [\(percent(movedLow)), \(percent(movedHigh))]; these shares can't be "
                + "had with less than \(percent(leastMoved)).",
            "Estimated from \(subjects) made-up subjects that both documents deal.",
        ]
        if entered > 0 || left > 0 {
            let flow = "\(percent(entered)) of subjects come under the policy and \(percent(left)) leave it"
            lines.insert("\(flow), by match.traffic.", at: 1)
        }
        if let recordedSubjects {
            lines.append(
                "The record knows \(recordedSubjects) subjects of this policy, by digests that can't be dealt again, so "
                    + "none of them is in the estimate. At that rate some \((moved * Double(recordedSubjects)).fixed(0)) "
                    + "of them would move."
            )
        }
        return (lines + notes).flatMap { $0.wrapped(to: Self.width, hanging: 2) }
    }

    /// What the figures leave out.
    private var notes: [String] {
        let sections = Set(changes.map(\.section))
        var notes: [String] = []
        if sections.contains("salt") {
            notes.append("The salt changes, which deals all subjects anew; keep it and few need to move.")
        }
        let others = Set(changes.filter { !$0.isTraffic }.map(\.section))
        if !others.isDisjoint(with: ["match", "priority", "overrides", "subject"]) {
            notes.append(
                "Which requests are dealt, or by which subject, changes too; the figures are of subjects that both "
                    + "documents deal."
            )
        }
        return notes
    }

    /// As wide as a summary.
    private static let width = 100

    private func percent(_ share: Double) -> String { (share * 100).fixed(2) + "%" }
}
