import Policy
import Testing

@Suite struct MovementTests {
    private static let count = 20_000

    private func movement(
        _ old: KeyValuePairs<String, Int>,
        _ new: KeyValuePairs<String, Int>,
        salt: String = "salt"
    ) throws -> Movement {
        try Movement(
            from: .splitting(old),
            to: .splitting(new, salt: salt),
            over: SubjectID.sample(count: Self.count)
        )
    }

    /// Within four standard errors: the subjects are fixed, so this holds for good or never.
    private func isClose(_ moved: Int, to share: Double) -> Bool {
        let expected = Double(Self.count) * share
        return abs(Double(moved) - expected) <= 4 * (expected * (1 - share)).squareRoot()
    }

    @Test(
        arguments: [
            (["a": 9_000, "b": 1_000], ["a": 8_000, "b": 2_000]),
            (["a": 6_300, "b": 2_700, "c": 1_000], ["a": 5_600, "b": 2_400, "c": 2_000]),
            (
                ["a": 900, "b": 1_800, "c": 2_700, "d": 3_600, "e": 1_000],
                ["a": 800, "b": 1_600, "c": 2_400, "d": 3_200, "e": 2_000]
            ),
        ] as [(KeyValuePairs<String, Int>, KeyValuePairs<String, Int>)]
    )
    func `from 10 to 20 per cent in proportion moves the least possible`(
        old: KeyValuePairs<String, Int>,
        new: KeyValuePairs<String, Int>
    ) throws {
        let movement = try movement(old, new)
        #expect(movement.least == Share(basisPoints: 1_000))
        #expect(isClose(movement.moved, to: 0.1), "\(movement.moved) moved")
        let grown = old.last.map { ArmID(rawValue: $0.key) }
        #expect(movement.flows.allSatisfy { $0.from == $0.to || $0.to == grown }, "\(movement.flows)")
    }

    @Test func `out of proportion more move than the least possible`() throws {
        let movement = try movement(
            ["a": 6_000, "b": 3_000, "c": 1_000],
            ["a": 5_000, "b": 3_000, "c": 2_000]
        )
        #expect(movement.least == Share(basisPoints: 1_000))
        #expect(isClose(movement.moved, to: 0.1273), "\(movement.moved) moved")
    }

    /// Dealt anew, a subject falls into its old arm only by chance: with probability Σ share².
    @Test func `a changed salt deals everybody anew`() throws {
        let shares: KeyValuePairs = ["a": 5_000, "b": 3_000, "c": 2_000]
        let movement = try movement(shares, shares, salt: "another")
        #expect(movement.least == Share(basisPoints: 0))
        #expect(isClose(movement.moved, to: 1 - 0.38), "\(movement.moved) moved")
        #expect(isClose(movement.subjects(from: "a", to: "b"), to: 0.15))
    }

    @Test func `equal shares move nobody`() throws {
        let movement = try movement(["a": 5_000, "b": 5_000], ["b": 5_000, "a": 5_000])
        #expect(movement.moved == 0)
        #expect(movement.flows.map(\.from) == ["a", "b"])
    }

    @Test func `a removed arm gives its subjects away and a new one takes from all`() throws {
        let removed = try movement(["a": 5_400, "b": 3_600, "c": 1_000], ["a": 6_000, "b": 4_000])
        #expect(removed.least == Share(basisPoints: 1_000))
        #expect(removed.flows.filter { $0.from != $0.to }.allSatisfy { $0.from == "c" }, "\(removed.flows)")
        #expect(removed.subjects(from: "c", to: "c") == 0)
        let added = try movement(["a": 6_000, "b": 4_000], ["a": 5_400, "b": 3_600, "c": 1_000])
        #expect(added.least == Share(basisPoints: 1_000))
        #expect(added.flows.filter { $0.from != $0.to }.allSatisfy { $0.to == "c" }, "\(added.flows)")
    }

    @Test func `every subject is in one flow, from its old arm to its new one`() throws {
        let (old, new) = try (
            SplitPolicy.splitting(["a": 7_000, "b": 3_000]), SplitPolicy.splitting(["a": 2_000, "b": 8_000])
        )
        let subjects = SubjectID.sample(count: 500)
        let movement = Movement(from: old, to: new, over: subjects)
        #expect(movement.subjects == 500)
        #expect(movement.flows.reduce(0) { $0 + $1.subjects } == 500)
        for (from, to) in [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")] as [(ArmID, ArmID)] {
            let counted = subjects.filter { old.arm(for: $0).id == from && new.arm(for: $0).id == to }.count
            #expect(movement.subjects(from: from, to: to) == counted, "\(from) to \(to)")
        }
    }
}
