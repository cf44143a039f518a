internal import Telemetry

/// `GET /metrics`: everything that is counted, as Prometheus text 0.0.4.
struct MetricsRoute {
    let core: GatewayCore

    func response() -> WholeResponse {
        WholeResponse(
            contentType: "text/plain; version=0.0.4; charset=utf-8",
            body: Array(core.metrics.exposition().utf8)
        )
    }
}
