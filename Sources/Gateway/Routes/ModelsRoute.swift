internal import ModelExecutor
internal import Store

/// `GET /v1/models`: the one model that is served.
struct ModelsRoute {
    let core: GatewayCore

    func response() -> WholeResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { write(&$0) }
        }
        return WholeResponse(body: writer.bytes)
    }

    /// The one model.
    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", core.backend.model.name)
            writer.member("object", "model")
            writer.key("created")
            writer.value(core.started.millisecondsSinceEpoch / 1_000)
            writer.member("owned_by", "headgate")
        }
    }
}
