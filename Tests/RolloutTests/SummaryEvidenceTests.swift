import Foundation
import Policy
import Stats
import Store
import Testing

@testable import Rollout

/// What the record's traffic shows of a stage.
struct SummaryEvidenceTests {
    private static func policy() throws -> SplitPolicy {
        let document = try SplitPolicy(
            yaml: """
                policy: ramp
                arms:
                  low: {share: 100%, mode: low, control: true}
                  medium: {share: 0%, mode: medium}
                metrics: {success: {kind: binary}}
                decide: {primary: {metric: success}}
                rollout: {arm: medium, stages: [10%, 100%], advance: automatic}
                """,
            file: "ramp.yaml"
        )
        return document.giving("medium", Share(basisPoints: 1_000))
    }

    /// The evidence after so many subjects of each arm, of which so many fail.
    private func evidence(
        low: (subjects: Int, failing: Int),
        medium: (subjects: Int, failing: Int),
        state: TerminalState = .failed,
        cause: EndCause? = .model,
        after: Duration = .zero
    ) async throws -> StageEvidence {
        let path = FileManager.default.temporaryDirectory.appending(path: "evidence-\(UUID().uuidString).db")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let policy = try Self.policy()
        let store = try RecordStore(StoreConfiguration(path: path))
        try await store.remember([policy.record()])
        let ids = RequestID.Generator()
        let began = Timestamp(
            millisecondsSinceEpoch: Timestamp.now.millisecondsSinceEpoch + Int64(after / .milliseconds(1))
        )
        for (arm, counts) in [("low", low), ("medium", medium)] as [(ArmID, (subjects: Int, failing: Int))] {
            let mode = try #require(policy.arm(arm)).mode.name
            for number in 0..<counts.subjects {
                let assignment = AssignmentRecord(
                    id: ids.next(),
                    policy: policy.id,
                    version: policy.version,
                    arm: arm,
                    assigned: mode,
                    served: mode,
                    subject: SubjectID(rawValue: "\(arm) \(number)").digest,
                    excluded: nil
                )
                let fails = number < counts.failing
                _ = try store.beginOpen(assignment)
                try await store.close(
                    CompletionRecord(
                        id: assignment.id,
                        state: fails ? state : .completed,
                        cause: fails ? cause : nil,
                        latency: .milliseconds(5)
                    )
                )
            }
        }
        let rule = try #require(policy.rollout)
        let evidence = try SummaryEvidence(reader: RecordReader(path: path)).stage(policy, rule, since: began)
        try await store.shutdown()
        return evidence
    }

    @Test func `a stage without traffic waits`() async throws {
        let evidence = try await evidence(low: (0, 0), medium: (0, 0))
        #expect(evidence.decision == .wait)
        #expect(evidence.subjects == 0)
        #expect(evidence.spike == nil)
    }

    @Test func `an arm whose every subject fails is a spike after a dozen of them`() async throws {
        let broken = try await evidence(low: (108, 0), medium: (12, 12))
        #expect(broken.spike?.contains("12 subjects of medium at 10% against 0 of low at 90%") == true)
        #expect(broken.subjects == 12)
    }

    @Test func `what failed before the stage began proves nothing`() async throws {
        let earlier = try await evidence(low: (108, 0), medium: (12, 12), after: .seconds(60))
        #expect(earlier.spike == nil)
        #expect(earlier.subjects == 0)
    }

    @Test func `failures that both arms share are none`() async throws {
        #expect(try await evidence(low: (108, 108), medium: (12, 12)).spike == nil)
    }

    @Test func `fewer failing subjects than the policy's minimum prove nothing`() async throws {
        #expect(try await evidence(low: (108, 0), medium: (9, 9)).spike == nil)
        #expect(try await evidence(low: (108, 0), medium: (10, 10)).spike != nil)
    }

    @Test func `refusals count where the gateway was overloaded, not where a prompt was too long`()
        async throws
    {
        let overload = try await evidence(low: (108, 0), medium: (12, 12), state: .rejected, cause: .overload)
        #expect(overload.spike != nil)
        let long = try await evidence(
            low: (108, 0),
            medium: (12, 12),
            state: .rejected,
            cause: .promptTooLong
        )
        #expect(long.spike == nil)
        let gone = try await evidence(low: (108, 0), medium: (12, 12), state: .clientGone, cause: nil)
        #expect(gone.spike == nil)
    }
}
