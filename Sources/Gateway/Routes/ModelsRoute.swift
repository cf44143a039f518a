internal import ModelExecutor
internal import Store

/// `GET /v1/models`: the one model that is served.
struct ModelsRoute {
    let core: GatewayCore

    func response() -> WholeResponse {
        let model = core.backend.model
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                writer.object { writer in
                    writer.member("id", model.name)
                    writer.member("object", "model")
                    writer.key("created")
                    writer.value(core.started.millisecondsSinceEpoch / 1_000)
                    writer.member("owned_by", "headgate")
                }
            }
        }
        return WholeResponse(body: writer.bytes)
    }
}
