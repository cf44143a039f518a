/// Which subjects get another arm under a changed policy, and from which to which.
///
/// It deals given subjects by both policies. There is no shortcut: with three arms or more, how many move depends on
/// more than the shares' differences (see `Assigner`).
public struct Movement: Sendable, Hashable {
    /// Subjects that were in one arm and are in another, or the same. Nil stands for those that the policy doesn't
    /// take, by its part of the traffic.
    public struct Flow: Sendable, Hashable {
        public let from: ArmID?
        public let to: ArmID?
        public let subjects: Int
    }

    /// How many were dealt.
    public let subjects: Int
    /// All but the empty ones, in order of the arms' names, nil last.
    public let flows: [Flow]
    /// The share of subjects that any assignment with these shares must move from arm to arm.
    public let least: Share

    public init(from old: SplitPolicy, to new: SplitPolicy, over subjects: some Sequence<SubjectID>) {
        var counts: [Pair: Int] = [:]
        var total = 0
        for subject in subjects {
            counts[Pair(from: old.place(of: subject), to: new.place(of: subject)), default: 0] += 1
            total += 1
        }
        self.subjects = total
        flows = counts.map { Flow(from: $0.key.from, to: $0.key.to, subjects: $0.value) }
            .sorted { $0.order < $1.order }
        least = Movement.least(from: old, to: new)
    }

    /// How many get another arm.
    public var moved: Int { count { $0 != nil && $1 != nil && $0 != $1 } }

    /// How many come under the policy.
    public var entered: Int { count { $0 == nil && $1 != nil } }

    /// How many the policy leaves to others.
    public var left: Int { count { $0 != nil && $1 == nil } }

    public func subjects(from: ArmID, to: ArmID) -> Int { count { $0 == from && $1 == to } }

    private func count(_ isCounted: (ArmID?, ArmID?) -> Bool) -> Int {
        flows.reduce(0) { $0 + (isCounted($1.from, $1.to) ? $1.subjects : 0) }
    }

    private struct Pair: Hashable {
        let from: ArmID?
        let to: ArmID?
    }

    /// What stays under the policy less what may stay in its arm, which is the smaller of an arm's two parts of the
    /// traffic.
    private static func least(from old: SplitPolicy, to new: SplitPolicy) -> Share {
        func part(_ policy: SplitPolicy, _ arm: ArmID) -> Int {
            (policy.arm(arm)?.share.basisPoints ?? 0) * policy.gate.share.basisPoints
        }
        let whole = Share.whole.basisPoints
        let both = min(old.gate.share, new.gate.share).basisPoints * whole
        let stays = old.arms.reduce(0) { $0 + min(part(old, $1.id), part(new, $1.id)) }
        return Share(basisPoints: max(0, both - stays) / whole)
    }
}

extension Movement.Flow {
    /// No name of an arm is this large.
    private static let last = "\u{10FFFF}"

    fileprivate var order: (String, String) { (from?.rawValue ?? Self.last, to?.rawValue ?? Self.last) }
}

extension SplitPolicy {
    /// The subject's arm; nil where the policy doesn't take it.
    fileprivate func place(of subject: SubjectID) -> ArmID? {
        gate.admits(subject) ? arm(for: subject).id : nil
    }
}
