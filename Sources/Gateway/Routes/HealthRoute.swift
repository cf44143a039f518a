/// `GET /healthz`: the process is alive and its listener answers; nothing more.
struct HealthRoute {
    func response() -> WholeResponse {
        WholeResponse(body: Array(#"{"status":"ok"}"#.utf8))
    }
}
