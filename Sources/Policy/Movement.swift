/// Which subjects get another arm under a changed policy, and from which to which.
///
/// It deals given subjects by both policies. There is no shortcut: with three arms or more, how many move depends on
/// more than the shares' differences (see `Assigner`).
public struct Movement: Sendable, Hashable {
    /// Subjects that were in one arm and are in another, or the same.
    public struct Flow: Sendable, Hashable {
        public let from: ArmID
        public let to: ArmID
        public let subjects: Int
    }

    /// How many were dealt.
    public let subjects: Int
    /// All but the empty ones, in order of the arms' names.
    public let flows: [Flow]
    /// The share of subjects that any assignment with these shares must move: what the growing arms gain.
    public let least: Share

    public init(from old: SplitPolicy, to new: SplitPolicy, over subjects: some Sequence<SubjectID>) {
        var counts: [ArmID: [ArmID: Int]] = [:]
        var total = 0
        for subject in subjects {
            counts[old.arm(for: subject).id, default: [:]][new.arm(for: subject).id, default: 0] += 1
            total += 1
        }
        self.subjects = total
        flows = counts.flatMap { from, row in row.map { Flow(from: from, to: $0.key, subjects: $0.value) } }
            .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
        least = Movement.least(from: old, to: new)
    }

    /// How many get another arm.
    public var moved: Int { flows.reduce(0) { $0 + ($1.from == $1.to ? 0 : $1.subjects) } }

    public func subjects(from: ArmID, to: ArmID) -> Int {
        flows.first { $0.from == from && $0.to == to }?.subjects ?? 0
    }

    private static func least(from old: SplitPolicy, to new: SplitPolicy) -> Share {
        let gains = new.arms.map { $0.share.basisPoints - (old.arm($0.id)?.share.basisPoints ?? 0) }
        return Share(basisPoints: gains.reduce(0) { $0 + max(0, $1) })
    }
}
