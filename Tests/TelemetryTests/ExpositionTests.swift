import FoundationEssentials
import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    @Test func `README names every metric`() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        for metric in MetricCatalogue.all where metric.name.hasPrefix("headgate_") {
            #expect(text.contains("`\(metric.name)`"), "\(metric.name)")
        }
    }

    @Test func `the text of a small registry is exactly this`() throws {
        let requests = MetricDeclaration(
            "test_requests_total",
            #"Requests, by "state" \ arm."#,
            .counter,
            labels: [.arm, .closed("state", ReloadResult.self)]
        )
        let cpu = MetricDeclaration("test_cpu_seconds_total", "CPU\ntime.", .counter, scale: 1e-6)
        let open = MetricDeclaration("test_open", "Open ones.", .gauge)
        let seconds = MetricDeclaration("test_seconds", "Time.", .histogram([0.25, 1]), labels: [.arm])
        let unused = MetricDeclaration("test_unused_total", "Never seen.", .counter, labels: [.arm])
        let registry = Registry([requests, cpu, open, seconds, unused])
        registry.counter(requests, ["z\"\\\n", "ok"]).add(3)
        registry.counter(requests, ["a", "ok"]).add()
        registry.counter(cpu).add(.milliseconds(1_250))
        registry.gauge(open).set(-2.5)
        let histogram = registry.histogram(seconds, ["a"])
        for value in [0.25, 0.26, 7, .nan] { histogram.observe(value) }
        #expect(
            Exposition.text(of: registry) == #"""
                # HELP test_requests_total Requests, by "state" \\ arm.
                # TYPE test_requests_total counter
                test_requests_total{arm="a",state="ok"} 1
                test_requests_total{arm="z\"\\\n",state="ok"} 3
                # HELP test_cpu_seconds_total CPU\ntime.
                # TYPE test_cpu_seconds_total counter
                test_cpu_seconds_total 1.25
                # HELP test_open Open ones.
                # TYPE test_open gauge
                test_open -2.5
                # HELP test_seconds Time.
                # TYPE test_seconds histogram
                test_seconds_bucket{arm="a",le="0.25"} 1
                test_seconds_bucket{arm="a",le="1"} 2
                test_seconds_bucket{arm="a",le="+Inf"} 3
                test_seconds_sum{arm="a"} 7.51
                test_seconds_count{arm="a"} 3

                """#
        )
    }

    @Test func `the catalogue with one policy is the golden text`() throws {
        let metrics = HeadgateMetrics.example
        let text = Exposition.text(of: metrics.registry)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("process_start_time_seconds ") }
            .joined(separator: "\n")
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "Golden/metrics.txt"
        )
        if ProcessInfo.processInfo.environment["HEADGATE_WRITE_GOLDEN"] != nil {
            try text.write(to: golden, atomically: true, encoding: .utf8)
        }
        #expect(try text == String(contentsOf: golden, encoding: .utf8))
    }

    @Test(arguments: [
        (0.0, "0"), (-3, "-3"), (0.1, "0.1"), (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"),
        (.nan, "NaN"),
    ])
    func `a number is written as Prometheus reads it`(value: Double, text: String) {
        #expect(Exposition.number(value) == text)
    }
}

extension HeadgateMetrics {
    /// One policy of two arms and a little of everything.
    static var example: HeadgateMetrics {
        let metrics = HeadgateMetrics(version: "1.2.3")
        metrics.admit(
            policy: "effort",
            version: "aaaaaaaaaaaa",
            shares: ["low": 0.9, "medium": 0.1],
            outcomes: ["success"]
        )
        metrics.policies.reloaded(at: 1_764_000_000)
        metrics.http.responded(.chatCompletions, .success)
        metrics.http.refused(.invalidJSON)
        metrics.http.outcome(.accepted)
        metrics.store.commit.observe(.milliseconds(3))
        metrics.store.batch.observe(12)
        let arm = metrics.arm(policy: "effort", arm: "low")
        arm?.ended(.completed)
        arm?.latency.observe(.milliseconds(1_500))
        arm?.spent(220, .candidate)
        arm?.spent(16, .cached)
        arm?.prunedCandidates.add(3)
        metrics.shadows.ended(.completed, candidateTokens: 1_200, policy: "effort")
        metrics.shadows.ended(.dropped, policy: "effort")
        metrics.shadows.waiting.set(2)
        arm?.stoppedEarly(.agreement)
        metrics.executor.setPrefixCache(lookups: 4, hits: 1, reusedTokens: 16)
        arm?.cpu.add(.milliseconds(95))
        arm?.outcome("success", .one)
        return metrics
    }
}
