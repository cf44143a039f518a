import Policy
import TestSupport
import Testing

struct RolloutRuleTests {
    /// Wednesday, 25 November 2026, 00:00 UTC.
    private static let wednesday = 1_795_564_800
    private static let day = 86_400

    private static func seconds(_ day: Int, _ hours: Int, _ minutes: Int = 0) -> Int {
        wednesday + day * Self.day + hours * 3_600 + minutes * 60
    }

    @Test(arguments: [
        (2, 23, 59, false), (3, 0, 0, true), (4, 23, 59, true), (5, 0, 0, false), (-4, 12, 0, true),
    ])
    func `a window of days covers all of them and no more`(day: Int, hour: Int, minute: Int, isInside: Bool) {
        let weekend = FreezeWindow(days: [.saturday, .sunday], from: 0, to: 0)
        #expect(weekend.contains(unixSeconds: Self.seconds(day, hour, minute)) == isInside)
    }

    @Test(arguments: [
        (0, 19, 59, false), (0, 20, 0, true), (1, 6, 29, true), (1, 6, 30, false), (0, 5, 0, false),
        (7, 5, 0, false), (8, 5, 0, true),
    ])
    func `a window past midnight belongs to the day it begins on`(
        day: Int,
        hour: Int,
        minute: Int,
        isInside: Bool
    ) {
        let night = FreezeWindow(days: [.wednesday], from: 20 * 60, to: 6 * 60 + 30)
        #expect(night.contains(unixSeconds: Self.seconds(day, hour, minute)) == isInside)
    }

    @Test func `the time before 1970 has days too`() {
        let thursday = FreezeWindow(days: [.thursday], from: 0, to: 0)
        #expect(thursday.contains(unixSeconds: 0))
        #expect(!thursday.contains(unixSeconds: -1))
        #expect(FreezeWindow(days: [.wednesday], from: 0, to: 0).contains(unixSeconds: -1))
    }

    private static let three = """
        policy: three
        arms:
          low: {share: 60%, mode: low, control: true}
          medium: {share: 30%, mode: medium}
          high: {share: 10%, mode: high}
        rollout: {arm: high, stages: [1%, 5%, 25%, 50%, 100%]}
        """

    @Test(arguments: [0, 1, 100, 2_500, 9_999, 10_000])
    func `an arm that gets a share takes it from the others in proportion`(basisPoints: Int) throws {
        let policy = try SplitPolicy(yaml: Self.three, file: "three.yaml")
        let staged = policy.giving("high", Share(basisPoints: basisPoints))
        let shares = Dictionary(uniqueKeysWithValues: staged.arms.map { ($0.id, $0.share.basisPoints) })
        #expect(shares["high"] == basisPoints)
        #expect(shares.values.reduce(0, +) == 10_000)
        let left = 10_000 - basisPoints
        #expect(abs((shares["medium"] ?? 0) - left / 3) <= 1)
        #expect((shares["low"] ?? 0) >= left - left / 3 - 1, "control has what rounding leaves")
        #expect(staged.version != policy.version || basisPoints == 1_000)
        let readBack = try SplitPolicy(yaml: staged.source, file: "source")
        #expect(readBack.version == staged.version, "what is in force can be read back from the record")
    }

    @Test func `a rollout never takes a subject's arm away while it grows, nor moves one between the others`()
        throws
    {
        let policy = try SplitPolicy(yaml: Self.three, file: "three.yaml")
        let stages = try #require(policy.rollout).stages.map { policy.giving("high", $0) }
        for number in 0..<5_000 {
            let subject = SubjectID(rawValue: "s\(number)")
            for (one, next) in zip(stages, stages.dropFirst()) {
                let (before, after) = (one.arm(for: subject).id, next.arm(for: subject).id)
                #expect(before == after || after == "high", "\(subject) went from \(before) to \(after)")
            }
        }
    }
}
