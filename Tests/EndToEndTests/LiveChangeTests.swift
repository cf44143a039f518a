import Foundation
import Testing

@testable import CLI

/// A split changed by editing its file while the gateway serves.
@Suite struct LiveChangeTests {
    @Test func `an edited share takes effect without a restart`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Documents.everything("low")]) { gateway in
            let client = try TestClient(gateway)
            let before = try await client.ask(subject: "someone")
            #expect(before.arm == "low")
            try gateway.files.write(policy: "split.yaml", Documents.everything("medium"))
            try await client.waitForMetric("headgate_arm_share_ratio", ["arm": "medium"], toBe: 1)
            let after = try await client.ask(subject: "someone")
            #expect(after.arm == "medium")
            #expect(after.policy != before.policy, "a changed document is another version")
            try await client.close()
        }
    }

    @Test func `a broken edit keeps the old split and says so in a metric`() async throws {
        try await BuiltProgram.serving(policies: ["split.yaml": Documents.everything("low")]) { gateway in
            let client = try TestClient(gateway)
            try gateway.files.write(policy: "split.yaml", Documents.everything("low") + "\nspeling: 1\n")
            try await client.waitForMetric("headgate_policy_reload_failed", [:], toBe: 1)
            let served = try await client.ask(subject: "someone")
            #expect(served.arm == "low")
            try gateway.files.write(policy: "split.yaml", Documents.everything("medium"))
            try await client.waitForMetric("headgate_policy_reload_failed", [:], toBe: 0)
            try await client.close()
        }
    }
}
