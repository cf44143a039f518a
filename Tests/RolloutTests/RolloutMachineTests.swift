import Policy
import Stats
import Testing

@testable import Rollout

/// Every state against every event.
struct RolloutMachineTests {
    private static let hour = 3_600
    private static let began = 1_000_000

    private static func rule(
        stages: [Int] = [100, 500, 10_000],
        advance: RolloutRule.Advance = .automatic,
        onNoGo: RolloutRule.NoGo = .rollback,
        freeze: [FreezeWindow] = []
    ) -> RolloutRule {
        RolloutRule(
            arm: ArmID(rawValue: "medium"),
            stages: stages.map(Share.init(basisPoints:)),
            hold: .init(time: .seconds(hour), subjects: 50),
            advance: advance,
            onNoGo: onNoGo,
            freeze: freeze
        )
    }

    private static func evidence(
        _ decision: Decision,
        isSound: Bool = true,
        subjects: Int = 50,
        spike: String? = nil
    ) -> RolloutEvent {
        .evidenceGathered(
            StageEvidence(decision: decision, reasons: [], isSound: isSound, subjects: subjects, spike: spike)
        )
    }

    /// The phase after the event, or `waits` or `refused`.
    private func outcome(
        _ phase: RolloutState.Phase,
        _ event: RolloutEvent,
        rule: RolloutRule = rule(),
        after seconds: Int = hour
    ) -> String {
        let now = Self.began + seconds
        do throws(RolloutRefusal) {
            let step = try RolloutMachine(rule).step(
                RolloutState(phase: phase, since: Self.began),
                event,
                now: now
            )
            switch step {
            case .waits: return "waits"
            case .moves(let state, let reason):
                #expect(state.since == now && !reason.isEmpty)
                return "\(state.phase)"
            }
        } catch {
            #expect(!error.description.isEmpty)
            return "refused"
        }
    }

    private static let phases: [RolloutState.Phase] = [
        .idle, .stage(0), .stage(1), .stage(2), .paused(0), .paused(2), .done, .rolledBack(1),
    ]

    /// One row an event, one column a phase, in the order of `phases`.
    private static let table: [(name: String, event: RolloutEvent, expected: [String])] = [
        ("start", .started, ["stage 1", no, no, no, no, no, no, "stage 1"]),
        (
            "pause", .paused,
            [no, "paused in stage 1", "paused in stage 2", "paused in stage 3", no, no, no, no]
        ),
        ("resume", .resumed, [no, no, no, no, "stage 1", "stage 3", no, no]),
        ("promote", .promoted, [no, "stage 2", "stage 3", "done", "stage 2", "done", no, no]),
        ("roll back", .rolledBack, [no, back(0), back(1), back(2), back(0), back(2), back(2), no]),
        ("go", evidence(.go), [w, "stage 2", "stage 3", "done", w, w, w, w]),
        ("wait", evidence(.wait), [w, "stage 2", w, "done", w, w, w, w]),
        ("no-go", evidence(.noGo), [w, back(0), back(1), back(2), back(0), back(2), w, w]),
        (
            "spike", evidence(.wait, isSound: false, subjects: 1, spike: "failures"),
            [w, back(0), back(1), back(2), back(0), back(2), w, w]
        ),
        ("unsound", evidence(.go, isSound: false), [w, w, w, w, w, w, w, w]),
        ("too few", evidence(.go, subjects: 49), [w, w, w, w, w, w, w, w]),
    ]

    private static let no = "refused"
    private static let w = "waits"
    private static func back(_ stage: Int) -> String { "rolled back from stage \(stage + 1)" }

    @Test func `every state answers every event`() {
        for row in Self.table {
            #expect(row.expected.count == Self.phases.count)
            for (phase, expected) in zip(Self.phases, row.expected) {
                #expect(outcome(phase, row.event) == expected, "\(row.name) in \(phase)")
            }
        }
    }

    @Test func `a stage lasts as long as its hold, to the second`() {
        #expect(outcome(.stage(0), Self.evidence(.go), after: Self.hour - 1) == "waits")
        #expect(outcome(.stage(0), Self.evidence(.go), after: Self.hour) == "stage 2")
        #expect(
            outcome(.stage(0), Self.evidence(.noGo), after: 0) == "rolled back from stage 1",
            "harm does not wait"
        )
    }

    @Test func `a manual rollout never advances by itself, and still rolls back`() {
        let rule = Self.rule(advance: .manual)
        #expect(outcome(.stage(0), Self.evidence(.go), rule: rule) == "waits")
        #expect(outcome(.stage(0), Self.evidence(.noGo), rule: rule) == "rolled back from stage 1")
        #expect(outcome(.stage(0), .promoted, rule: rule) == "stage 2")
    }

    @Test func `where a no-go pauses, the share stays until an operator decides`() {
        let rule = Self.rule(onNoGo: .pause)
        #expect(outcome(.stage(1), Self.evidence(.noGo), rule: rule) == "paused in stage 2")
        #expect(outcome(.paused(1), Self.evidence(.noGo), rule: rule) == "waits")
        #expect(RolloutState(phase: .paused(1), since: 0).share(by: rule)?.basisPoints == 500)
    }

    @Test func `a rollout of one stage ends with a go and not before`() {
        let rule = Self.rule(stages: [5_000])
        #expect(outcome(.stage(0), Self.evidence(.wait), rule: rule) == "waits")
        #expect(outcome(.stage(0), Self.evidence(.go), rule: rule) == "done")
    }

    @Test func `nothing advances in a frozen window, and harm still rolls back`() {
        let always = FreezeWindow(days: FreezeWindow.Weekday.allCases, from: 0, to: 0)
        let rule = Self.rule(freeze: [always])
        #expect(outcome(.stage(0), Self.evidence(.go), rule: rule) == "waits")
        #expect(outcome(.stage(0), .promoted, rule: rule) == "stage 2", "an operator may")
        #expect(outcome(.stage(0), Self.evidence(.noGo), rule: rule) == "rolled back from stage 1")
    }

    @Test func `each phase gives the arm its share`() {
        let shares = Self.phases.map { RolloutState(phase: $0, since: 0).share(by: Self.rule())?.basisPoints }
        #expect(shares == [nil, 100, 500, 10_000, 100, 10_000, 10_000, 0])
    }

    private func policy(low: String = "90%", medium: String = "10%", rollout: String) throws -> SplitPolicy {
        try SplitPolicy(
            yaml: """
                policy: ramp
                arms:
                  low: {share: \(low), mode: low, control: true}
                  medium: {share: \(medium), mode: medium}
                rollout: \(rollout)
                """,
            file: "ramp.yaml"
        )
    }

    @Test func `an edit keeps the rollout's share or ends it, and never lowers it by accident`() throws {
        let old = try policy(rollout: "{arm: medium, stages: [1%, 5%, 100%]}")
        let rule = try #require(old.rollout)
        func after(_ phase: RolloutState.Phase, _ new: SplitPolicy?) -> String {
            outcome(phase, .documentChanged(from: old, to: new), rule: rule)
        }
        let slower = try policy(rollout: "{arm: medium, stages: [1%, 5%, 100%], hold: {time: 2h}}")
        #expect(after(.stage(1), slower) == "stage 2")
        #expect(after(.idle, slower) == "waits")
        for phase in [.done, .rolledBack(1)] as [RolloutState.Phase] {
            let state = RolloutState(phase: phase, since: 7)
            let step = try RolloutMachine(rule).step(state, .documentChanged(from: old, to: slower), now: 9)
            #expect(step == .moves(state, because: "the document changed"), "what is over stays so")
        }
        let finer = try policy(rollout: "{arm: medium, stages: [1%, 2%, 5%, 10%, 50%]}")
        #expect(after(.stage(1), finer) == "stage 3")
        #expect(after(.paused(2), finer) == "paused in stage 5", "100% becomes the most there is")
        let byHand = try policy(low: "100%", medium: "0%", rollout: "{arm: medium, stages: [1%, 5%, 100%]}")
        for phase in [.stage(1), .paused(0), .done, .rolledBack(1)] as [RolloutState.Phase] {
            #expect(after(phase, byHand) == "idle")
            #expect(after(phase, nil) == "idle")
        }
        #expect(after(.idle, byHand) == "waits")
    }
}
