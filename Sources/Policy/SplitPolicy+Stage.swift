extension SplitPolicy {
    /// This policy with another share for one arm; the others keep their proportions, and control takes what rounding
    /// leaves.
    ///
    /// Shares that change in proportion move the fewest subjects, and none between the other arms.
    public func giving(_ arm: ArmID, _ share: Share) -> SplitPolicy {
        let others = arms.filter { $0.id != arm }
        let written = others.reduce(0) { $0 + $1.share.basisPoints }
        let left = Share.whole.basisPoints - share.basisPoints
        var shares = Dictionary(
            uniqueKeysWithValues: others.map { other in
                (other.id, written == 0 ? 0 : other.share.basisPoints * left / written)
            }
        )
        shares[control.id, default: 0] += left - shares.values.reduce(0, +)
        shares[arm] = share.basisPoints
        return SplitPolicy(
            PolicyParts(
                self,
                arms: arms.map { $0.with(share: Share(basisPoints: shares[$0.id] ?? 0)) }
            )
        )
    }
}
