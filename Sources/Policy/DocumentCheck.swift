/// Finds what does not fit together in a document whose fields have been read.
///
/// A field that could not be read has its problem already; what depends on it is not judged twice.
struct DocumentCheck {
    let document: PolicyDocument
    private(set) var problems: [PolicyProblem]

    init(_ document: PolicyDocument) {
        self.document = document
        problems = document.problems
    }

    /// In the order of the text.
    func sorted() -> [PolicyProblem] {
        problems.sorted { ($0.line ?? 0, $0.path, $0.message) < ($1.line ?? 0, $1.path, $1.message) }
    }

    mutating func report(_ path: String, _ line: Int?, _ message: String, fix: String) {
        problems.append(
            PolicyProblem(file: document.file, path: path, line: line, message: message, fix: fix)
        )
    }

    /// Whether the place, something in it, or the whole document could not be read.
    func isKnown(_ path: String) -> Bool {
        document.problems.contains { $0.path == path || $0.path.hasPrefix(path + ".") || $0.path.isEmpty }
    }

    var hasAllArms: Bool { document.arms.count == document.armCount }

    mutating func head() {
        if document.name == nil, !isKnown("policy") {
            report("policy", 1, "the policy has no name", fix: "add policy: NAME")
        }
        if document.arms.isEmpty, !isKnown("arms") {
            let fix = "add arms, such as arms: {low: {share: 100%, mode: low}}"
            report("arms", document.armsLine ?? 1, "the policy has no arms", fix: fix)
        }
    }

    /// The arms whose share and mode are both known.
    mutating func arms(modes: [Mode]) -> [Arm] {
        var arms: [Arm] = []
        let isAlone = document.arms.count == 1
        for entry in document.arms {
            let (path, line) = (entry.name.path, entry.name.line)
            if !entry.hasShare {
                report("\(path).share", line, "the arm has no share", fix: "add share: such as 10%")
            }
            if !entry.hasMode {
                report("\(path).mode", line, "the arm has no mode", fix: "add mode: such as medium")
            }
            guard let name = entry.mode else { continue }
            guard let mode = mode(name, among: modes), let share = entry.share?.value else { continue }
            let isControl = isAlone || entry.control?.value == true
            arms.append(Arm(id: entry.name.value, share: share, mode: mode, isControl: isControl))
        }
        return arms
    }

    /// The mode of that name; nil when there is none.
    mutating func mode(_ name: Located<ModeName>, among modes: [Mode]) -> Mode? {
        if let mode = modes.first(where: { $0.name == name.value }) { return mode }
        // A mode that the document defines and that cannot be read has its problem already.
        let isDefined = document.modes.contains { $0.name.value == name.value }
        if !isDefined, !isKnown("modes.\(name.value)") {
            let fix = suggestion(for: name.value.rawValue, among: modes.map(\.name.rawValue))
            report(name.path, name.line, "there is no mode \(name.value)", fix: fix)
        }
        return nil
    }

    /// Shares cover everything, and each arm can be reached.
    mutating func shares(overridden: Set<ArmID>) {
        // A rollout gives and takes all of an arm's share, and what was in force once is read back from the record.
        let unreachable = document.rollout == nil ? document.arms : []
        for entry in unreachable where !overridden.contains(entry.name.value) {
            guard let share = entry.share, share.value.basisPoints == 0 else { continue }
            let fix = "remove the arm, raise its share, or name it in an override"
            report(share.path, share.line, "no request can ever reach this arm", fix: fix)
        }
        let shares = document.arms.compactMap(\.share)
        guard shares.count == document.arms.count, !shares.isEmpty, hasAllArms else { return }
        let sum = shares.reduce(0) { $0 + $1.value.basisPoints }
        let gap = 10_000 - sum
        guard gap != 0 else { return }
        let fix = "\(gap > 0 ? "add" : "take away") \(percent(basisPoints: abs(gap))) in all"
        report(
            "arms",
            document.armsLine,
            "the shares add up to \(percent(basisPoints: sum)), not 100%",
            fix: fix
        )
    }

    /// The one arm that the others are compared with.
    mutating func control(_ arms: [Arm]) -> Arm? {
        let marked = document.arms.filter { $0.control?.value == true }
        if document.arms.count > 1, hasAllArms {
            let isReadable = !document.arms.contains { isKnown("\($0.name.path).control") }
            if marked.isEmpty, isReadable {
                let fix = "add control: true to the arm that the others are compared with"
                report("arms", document.armsLine, "no arm is the control", fix: fix)
            }
            for extra in marked.dropFirst() {
                guard let control = extra.control else { continue }
                let message = "\(marked[0].name.value) is the control already"
                report(control.path, control.line, message, fix: "keep control: true on one arm")
            }
        }
        return arms.first(where: \.isControl)
    }

    mutating func overrides(arms: [ArmID]) -> [Override] {
        var overrides: [Override] = []
        for entry in document.overrides {
            guard let arm = entry.arm else { continue }
            if !arms.contains(arm.value), hasAllArms {
                let fix = suggestion(for: arm.value.rawValue, among: arms.map(\.rawValue))
                report(arm.path, arm.line, "there is no arm \(arm.value)", fix: fix)
            }
            overrides.append(Override(headers: entry.headers, keys: entry.keys, arm: arm.value))
        }
        return overrides
    }
}
