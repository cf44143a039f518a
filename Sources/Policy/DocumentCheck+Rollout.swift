extension DocumentCheck {
    /// The rule with its defaults; nil when there is none or it cannot be applied.
    mutating func rollout(decide: DecideRule?) -> RolloutRule? {
        guard let entry = document.rollout else { return nil }
        let arm = rolloutArm(entry)
        let stages = stages(entry)
        let advance = entry.advance?.value ?? .manual
        if advance == .automatic, document.decide == nil {
            let fix = "add decide, which says what good is, or use advance: manual"
            report("\(entry.path).advance", entry.line, "nothing tells when to advance", fix: fix)
        }
        guard let arm, let stages else { return nil }
        return RolloutRule(
            arm: arm,
            stages: stages,
            hold: .init(
                time: entry.holdTime?.value ?? .seconds(3_600),
                subjects: entry.holdSubjects?.value ?? decide?.minimum.subjects ?? 100
            ),
            advance: advance,
            onNoGo: entry.onNoGo?.value ?? .rollback,
            freeze: entry.freeze
        )
    }

    private mutating func rolloutArm(_ entry: PolicyDocument.RolloutEntry) -> ArmID? {
        guard entry.hasArm else {
            let fix = "add arm: with the arm whose share is to grow"
            report("\(entry.path).arm", entry.line, "the rollout names no arm", fix: fix)
            return nil
        }
        guard let arm = entry.arm else { return nil }
        guard let known = document.arms.first(where: { $0.name.value == arm.value }) else {
            if hasAllArms {
                let names = document.arms.map(\.name.value.rawValue)
                let fix = suggestion(for: arm.value.rawValue, among: names)
                report(arm.path, arm.line, "there is no arm \(arm.value)", fix: fix)
            }
            return nil
        }
        if known.control?.value == true || document.arms.count == 1 {
            let fix = "name the arm that takes the share from it"
            report(arm.path, arm.line, "\(arm.value) is the control", fix: fix)
            return nil
        }
        return arm.value
    }

    private mutating func stages(_ entry: PolicyDocument.RolloutEntry) -> [Share]? {
        guard entry.hasStages else {
            let fix = "add stages: such as [1%, 5%, 25%, 50%, 100%]"
            report("\(entry.path).stages", entry.line, "the rollout has no stages", fix: fix)
            return nil
        }
        guard let stages = entry.stages else { return nil }
        let isRising = zip(stages.value, stages.value.dropFirst()).allSatisfy { $0 < $1 }
        guard isRising, stages.value.first.map({ $0.basisPoints > 0 }) ?? false else {
            let fix = "write them from small to large, each once, the first above 0%"
            report(stages.path, stages.line, "the stages do not rise", fix: fix)
            return nil
        }
        return stages.value
    }
}
