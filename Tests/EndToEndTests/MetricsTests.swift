import Foundation
import Subprocess
import SystemPackage
import Testing

/// What Prometheus itself makes of the gateway.
@Suite struct MetricsTests {
    @Test func `promtool accepts the metrics of a gateway that has served`() async throws {
        let text = try await BuiltProgram.serving { gateway in
            let client = try TestClient(gateway)
            let served = try await client.ask(subject: "someone")
            #expect(try await client.report(success: true, of: served.requestID) == 200)
            let text = try await client.metrics()
            try await client.close()
            return text
        }
        #expect(text.contains("headgate_requests_total{"), "\(text.prefix(500))")
        let check = try await promtool(["check", "metrics"], input: text)
        #expect(check.status == 0, "\(check.said)")
    }

    @Test func `promtool accepts the example configuration`() async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "dashboards/prometheus.yml").path(
                percentEncoded: false
            )
        let check = try await promtool(["check", "config", "--syntax-only", file], input: "")
        #expect(check.status == 0, "\(check.said)")
    }

    private func promtool(_ arguments: [String], input: String) async throws -> (status: Int32, said: String)
    {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let result = try await Subprocess.run(
            .path(FilePath(cache + "/headgate/tools/promtool")),
            arguments: .init(arguments),
            input: .string(input),
            output: .string(limit: BuiltProgram.maximumOutput),
            error: .string(limit: BuiltProgram.maximumOutput)
        )
        guard case .exited(let status) = result.terminationStatus else { return (-1, "killed") }
        return (status, result.standardOutput + result.standardError)
    }
}
