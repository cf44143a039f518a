extension DocumentCheck {
    /// The rule with its defaults; nil when there is none or it can't be applied.
    mutating func shadow(modes: [Mode], arms: [Arm]) -> ShadowRule? {
        guard let entry = document.shadow else { return nil }
        if !entry.hasMode {
            let fix = "add mode: with the effort to try, such as high"
            report("\(entry.path).mode", entry.line, "the shadow has no mode", fix: fix)
        }
        if !entry.hasShare {
            let fix = "add share: such as 5%"
            report("\(entry.path).share", entry.line, "the shadow has no share", fix: fix)
        }
        let mode = entry.mode.flatMap { self.mode($0, among: modes) }
        guard let mode else { return nil }
        let names =
            entry.hasArms ? namedArms(entry, mode: mode, arms: arms) : servedOtherwise(entry, mode, arms)
        return entry.share.map { ShadowRule(mode: mode, share: $0.value, arms: names.sorted()) }
    }

    /// The arms that the entry names, each once, all of them served in another mode.
    private mutating func namedArms(_ entry: PolicyDocument.ShadowEntry, mode: Mode, arms: [Arm]) -> [ArmID] {
        var names: [ArmID] = []
        for arm in entry.arms {
            let known = arms.first { $0.id == arm.value }
            if names.contains(arm.value) {
                report(arm.path, arm.line, "\(arm.value) appears twice", fix: "keep the first")
            } else if !document.arms.contains(where: { $0.name.value == arm.value }), hasAllArms {
                let fix = suggestion(
                    for: arm.value.rawValue,
                    among: document.arms.map(\.name.value.rawValue)
                )
                report(arm.path, arm.line, "there is no arm \(arm.value)", fix: fix)
            } else if known?.mode == mode {
                let message =
                    "\(arm.value) is served in mode \(mode.name) already, so there is nothing to compare"
                report(arm.path, arm.line, message, fix: "leave the arm out, or shadow with another mode")
            }
            names.append(arm.value)
        }
        return names
    }

    /// Every arm that is served in another mode.
    private mutating func servedOtherwise(
        _ entry: PolicyDocument.ShadowEntry,
        _ mode: Mode,
        _ arms: [Arm]
    ) -> [ArmID] {
        let others = arms.filter { $0.mode != mode }.map(\.id)
        if others.isEmpty, !arms.isEmpty, arms.count == document.armCount {
            let message = "every arm is served in mode \(mode.name) already, so there is nothing to compare"
            report("\(entry.path).mode", entry.mode?.line, message, fix: "shadow with another mode")
        }
        return others
    }
}
