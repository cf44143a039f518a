/// `GET /readyz`: whether to send traffic here.
struct ReadyRoute {
    let core: GatewayCore

    func response() -> WholeResponse {
        switch core.readiness.state {
        case .starting: WholeResponse(.notReady)
        case .ready: WholeResponse(body: Array(#"{"status":"ready"}"#.utf8))
        case .draining: WholeResponse(.draining)
        }
    }
}
