import CoreMetrics
import Testing

@testable import Telemetry

@Suite struct RegistryTests {
    @Test func `an arm that no policy named is dropped and counted`() {
        let metrics = HeadgateMetrics.example
        let before = metrics.registry.dropped.value
        #expect(metrics.arm(policy: "effort", arm: "mallory") == nil)
        #expect(metrics.registry.dropped.value == before + 1)
        #expect(!metrics.exposition().contains("mallory"))
    }

    @Test func `an outcome metric that no policy named is dropped and counted`() {
        let metrics = HeadgateMetrics.example
        metrics.arm(policy: "effort", arm: "low")?.outcome("mallory", .one)
        #expect(metrics.registry.dropped.value == 1)
        #expect(!metrics.exposition().contains("mallory"))
    }

    @Test func `series stop at the limit`() {
        let metric = MetricDeclaration("test_total", "Test.", .counter, labels: [.arm])
        let registry = Registry([metric])
        for index in 0..<(Registry.seriesLimit + 10) { registry.counter(metric, ["a\(index)"]).add() }
        #expect(registry.snapshot().first?.series.count == Registry.seriesLimit)
        #expect(registry.dropped.value == 10)
    }

    @Test func `a new version replaces the old one and keeps its counts`() {
        let metrics = HeadgateMetrics.example
        metrics.admit(policy: "effort", version: "bbbbbbbbbbbb", shares: ["medium": 1], outcomes: ["success"])
        let text = metrics.exposition()
        #expect(text.contains(#"headgate_policy_info{policy="effort",version="bbbbbbbbbbbb"} 1"#))
        #expect(!text.contains("aaaaaaaaaaaa"))
        #expect(text.contains(#"headgate_arm_share_ratio{policy="effort",arm="low"} 0"# + "\n"))
        #expect(text.contains(#"headgate_arm_share_ratio{policy="effort",arm="medium"} 1"# + "\n"))
        #expect(
            text.contains(#"headgate_requests_total{policy="effort",arm="low",state="completed"} 1"# + "\n")
        )
    }

    @Test func `a failed reload shows until one works`() {
        let metrics = HeadgateMetrics.example
        metrics.policies.reloadFailed()
        #expect(metrics.exposition().contains("headgate_policy_reload_failed 1\n"))
        #expect(metrics.exposition().contains(#"headgate_policy_reloads_total{result="failed"} 1"#))
        metrics.policies.reloaded(at: 1)
        #expect(metrics.exposition().contains("headgate_policy_reload_failed 0\n"))
    }

    @Test func `concurrent counting loses nothing`() async {
        let (counter, gauge, histogram) = (Counter(), Gauge(), Histogram(bounds: [1]))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        gauge.add(1)
                        histogram.observe(1)
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(gauge.value == 80_000)
        #expect(histogram.snapshot == Histogram.Snapshot(counts: [80_000, 0], sum: 80_000))
    }

    @Test func `the process's own figures are there`() throws {
        let text = HeadgateMetrics.example.exposition()
        for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds"] {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("\(name) ") })
            let value = try #require(Double(line.dropFirst(name.count + 1)))
            #expect(value > 0, "\(line)")
        }
    }
}

@Suite struct MetricsBackendTests {
    @Test func `a declared metric counts through swift-metrics`() {
        let metrics = HeadgateMetrics.example
        let backend = MetricsBackend(registry: metrics.registry)
        let counter = backend.makeCounter(
            label: "headgate_http_responses_total",
            dimensions: [("status", "5xx"), ("route", "/metrics")]
        )
        counter.increment(by: 2)
        let line = #"headgate_http_responses_total{route="/metrics",status="5xx"} 2"#
        #expect(metrics.exposition().contains(line + "\n"))
    }

    @Test func `an undeclared name, label or value is dropped and counted`() {
        let metrics = HeadgateMetrics.example
        let backend = MetricsBackend(registry: metrics.registry)
        backend.makeCounter(label: "hb.requests", dimensions: []).increment(by: 1)
        backend.makeCounter(label: "headgate_refusals_total", dimensions: [("url", "/x")]).increment(by: 1)
        backend.makeCounter(label: "headgate_refusals_total", dimensions: [("code", "x")]).increment(by: 1)
        #expect(metrics.registry.dropped.value == 3)
    }

    @Test func `timers and meters reach their instruments`() {
        let metrics = HeadgateMetrics.example
        let backend = MetricsBackend(registry: metrics.registry)
        backend.makeTimer(label: "headgate_store_commit_seconds", dimensions: []).recordNanoseconds(2_000_000)
        backend.makeMeter(label: "headgate_kv_cells", dimensions: []).set(4_096 as Int64)
        #expect(metrics.store.commit.snapshot.total == 2)
        #expect(metrics.executor.cells.value == 4_096)
    }
}
