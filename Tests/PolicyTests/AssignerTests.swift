import Foundation
@testable import Policy
import Testing

private struct Vectors: Decodable {
    struct Draw: Decodable {
        let fraction: String
    }
    struct Case: Decodable {
        let salt: String
        let shares: [String: Int]
        let subject: String
        let draws: [String: Draw]
        let arm: String

        var dealing: Dealing {
            let arms = shares.map { name, share in
                Arm(id: ArmID(rawValue: name), share: Share(basisPoints: share), mode: .low, isControl: false)
            }
            return Assigner(salt: salt, arms: arms).dealing(for: SubjectID(rawValue: subject))
        }
    }
    let assignments: [Case]
    let subjectDigests: [String: String]

    static func load() throws -> Vectors {
        try JSONDecoder().decode(
            Vectors.self,
            from: Data(contentsOf: golden.appending(path: "assignment.json"))
        )
    }
}

@Suite struct AssignerTests {
    @Test func `assignments equal those computed independently`() throws {
        let cases = try Vectors.load().assignments
        #expect(cases.count == 72)
        for one in cases {
            #expect(one.dealing.winner.id.rawValue == one.arm, "\(one.salt) \(one.subject)")
        }
    }

    @Test func `draws equal those computed independently to the last bit`() throws {
        for one in try Vectors.load().assignments {
            let dealing = one.dealing
            #expect(dealing.draws.map(\.arm.id.rawValue) == one.draws.keys.sorted(), "\(one.salt)")
            for draw in dealing.draws {
                let expected = one.draws[draw.arm.id.rawValue].flatMap { Double($0.fraction) }
                #expect(draw.fraction == expected, "\(one.salt) \(draw.arm.id) \(one.subject)")
            }
        }
    }

    @Test func `stored digests of subjects equal those computed independently`() throws {
        let digests = try Vectors.load().subjectDigests
        #expect(digests.count == 12)
        for (subject, digest) in digests {
            #expect(SubjectID(rawValue: subject).digest.rawValue == digest, "\(subject)")
        }
    }

    @Test(
        arguments: [
            ["a": 9_900, "b": 100], ["a": 5_000, "b": 5_000], ["a": 3_334, "b": 3_333, "c": 3_333],
            ["a": 2_000, "b": 500, "c": 1_500, "d": 4_000, "e": 2_000],
        ] as [KeyValuePairs<String, Int>]
    )
    func `each arm gets its share of 100,000 subjects`(shares: KeyValuePairs<String, Int>) throws {
        let policy = try SplitPolicy.splitting(shares)
        let subjects = SubjectID.sample(count: 100_000)
        let counts = Dictionary(subjects.map { (policy.arm(for: $0).id.rawValue, 1) }, uniquingKeysWith: +)
        for (arm, share) in shares {
            let probability = Double(share) / 10_000
            let expected = 100_000 * probability
            // Four standard errors: the subjects are fixed, so this passes for good or never.
            let tolerance = 4 * (expected * (1 - probability)).squareRoot()
            let count = Double(counts[arm] ?? 0)
            #expect(abs(count - expected) < tolerance, "\(arm): \(count) of \(expected) in \(shares)")
        }
    }

    @Test(arguments: [(100, 500), (500, 2_500), (2_500, 5_000), (5_000, 9_999), (1, 10_000 - 1)])
    func `a ramp of two arms moves only the subjects it must`(from: Int, to: Int) throws {
        let before = try SplitPolicy.splitting(["low": 10_000 - from, "medium": from])
        let after = try SplitPolicy.splitting(["low": 10_000 - to, "medium": to])
        let moves = Moves(before, after, SubjectID.sample(count: 20_000))
        #expect(moves.pairs.allSatisfy { $0.from == "low" && $0.to == "medium" })
        #expect(moves.isCloseTo(least: Double(to - from) / 10_000), "\(moves.fraction) moved")
    }

    @Test func `an arm that takes from all others in proportion moves only the subjects it must`() throws {
        let before = try SplitPolicy.splitting(["a": 4_000, "b": 3_000, "c": 2_000, "d": 1_000])
        let after = try SplitPolicy.splitting(["a": 3_200, "b": 2_400, "c": 1_600, "d": 2_800])
        let moves = Moves(before, after, SubjectID.sample(count: 20_000))
        #expect(moves.pairs.allSatisfy { $0.to == "d" })
        #expect(moves.isCloseTo(least: 0.18), "\(moves.fraction) moved")
    }

    @Test func `a subject moves only towards an arm that grew by a larger factor`() throws {
        let shares = (
            before: ["a": 6_000, "b": 3_000, "c": 1_000], after: ["a": 5_000, "b": 3_000, "c": 2_000]
        )
        let before = try SplitPolicy.splitting(["a": 6_000, "b": 3_000, "c": 1_000])
        let after = try SplitPolicy.splitting(["a": 5_000, "b": 3_000, "c": 2_000])
        let moves = Moves(before, after, SubjectID.sample(count: 20_000))
        for move in moves.pairs {
            let growth = [move.from, move.to].map { arm in
                Double(shares.after[arm.rawValue] ?? 0) / Double(shares.before[arm.rawValue] ?? 0)
            }
            #expect(growth[1] > growth[0], "\(move.from) to \(move.to)")
        }
        // One arm giving to one arm past a third costs 2.7 points more than the least: 12.7 % for 10 %.
        #expect(moves.isCloseTo(least: 0.1273), "\(moves.fraction) moved")
    }

    @Test func `the order of the arms is irrelevant`() throws {
        let policy = try SplitPolicy.splitting(["a": 2_500, "b": 2_500, "c": 5_000])
        let reversed = try SplitPolicy.splitting(["c": 5_000, "b": 2_500, "a": 2_500])
        for subject in SubjectID.sample(count: 5_000) {
            #expect(policy.arm(for: subject).id == reversed.arm(for: subject).id, "\(subject)")
        }
    }

    @Test func `another salt deals the subjects anew`() throws {
        let first = try SplitPolicy.splitting(["a": 5_000, "b": 5_000], salt: "one")
        let second = try SplitPolicy.splitting(["a": 5_000, "b": 5_000], salt: "two")
        let moves = Moves(first, second, SubjectID.sample(count: 20_000))
        #expect(moves.isCloseTo(least: 0.5), "\(moves.fraction) moved")
    }

    @Test func `on equal keys the first name wins`() {
        let draws = ["a", "b"].map { name in
            Dealing.Draw(
                arm: Arm(
                    id: ArmID(rawValue: name),
                    share: Share(basisPoints: 5_000),
                    mode: .low,
                    isControl: false
                ),
                fraction: 0.25
            )
        }
        #expect(Dealing(draws: draws).winner.id == "a")
    }

    @Test func `an arm without a share is never chosen`() throws {
        let arms = [("a", 0), ("b", 10_000)].map { name, share in
            Arm(id: ArmID(rawValue: name), share: Share(basisPoints: share), mode: .low, isControl: false)
        }
        let assigner = Assigner(salt: "s", arms: arms)
        #expect(SubjectID.sample(count: 1_000).allSatisfy { assigner.dealing(for: $0).winner.id == "b" })
    }
}

/// Which subjects are in another arm after a change.
private struct Moves {
    let pairs: [(from: ArmID, to: ArmID)]
    let count: Int

    init(_ before: SplitPolicy, _ after: SplitPolicy, _ subjects: [SubjectID]) {
        pairs = subjects.map { (before.arm(for: $0).id, after.arm(for: $0).id) }.filter { $0.0 != $0.1 }
        count = subjects.count
    }

    var fraction: Double { Double(pairs.count) / Double(count) }

    func isCloseTo(least: Double) -> Bool {
        abs(fraction - least) <= 4 * (least * (1 - least) / Double(count)).squareRoot()
    }
}
