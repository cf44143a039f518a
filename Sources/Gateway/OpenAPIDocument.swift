/// What a plane can do, for tools: its OpenAPI 3.1 document, as it lies in the folder OpenAPI.
///
/// It is written by hand and built into the program. Made from the types it would say nothing that they don't, and
/// most of what a client asks (which codes a status comes with, what a policy changes) is in no type. Tests compare
/// every name and number in it with the code.
struct OpenAPIDocument: Sendable {
    let bytes: [UInt8]

    static let dataPlane = OpenAPIDocument(bytes: PackageResources.data_plane_json)
    static let adminPlane = OpenAPIDocument(bytes: PackageResources.admin_plane_json)

    var response: WholeResponse { WholeResponse(body: bytes) }
}
