internal import ModelExecutor

/// `GET /v1/models/{id}`: the served model, by its name.
struct ModelRoute {
    let core: GatewayCore

    func response(at path: String) -> WholeResponse {
        guard let id = Route.modelID(in: path), id == core.backend.model.name else {
            return WholeResponse(.modelNotFound)
        }
        var writer = JSONWriter()
        ModelsRoute(core: core).write(&writer)
        return WholeResponse(body: writer.bytes)
    }
}
