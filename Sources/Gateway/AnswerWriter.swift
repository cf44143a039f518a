internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import Telemetry

/// A response that is complete before its first byte leaves.
struct WholeResponse: Sendable {
    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: [UInt8]
    /// Why the request was refused, if it was.
    private(set) var refusal: RefusalCode?

    init(_ status: HTTPResponse.Status = .ok, contentType: String = "application/json", body: [UInt8]) {
        self.status = status
        self.body = body
        fields = [.contentType: contentType]
    }

    init(_ error: GatewayError) {
        let response = ErrorResponse(error)
        self.init(response.status, body: response.json)
        refusal = response.code
        if let seconds = response.retryAfterSeconds { fields[.retryAfter] = String(seconds) }
        if let method = response.allowedMethod { fields[.allow] = method }
        if let version = response.presentVersion { fields[.eTag] = EntityTag.text(version) }
        if response.status == .unauthorized { fields[.wwwAuthenticate] = "Bearer" }
    }
}

/// The one response to one request: written whole, or started and then sent piece by piece.
///
/// It stands between a route and Hummingbird's `ResponseWriter` because a route has to decide late: until the
/// first byte of a stream leaves, a failure can still be an HTTP status.
struct AnswerWriter: ~Copyable {
    private var writer: ResponseWriter?
    private var body: (any ResponseBodyWriter)?
    private let date: String
    /// Whether only the head is asked for; a body would be taken for the next response.
    private let isHeadOnly: Bool
    /// What has been told, for whoever counts responses; nil while nothing has.
    private(set) var status: HTTPResponse.Status?
    private(set) var refusal: RefusalCode?
    /// Whether a stream has begun, even if not one byte of it could be written.
    private(set) var hasStarted = false

    init(_ writer: consuming ResponseWriter, date: String, isHeadOnly: Bool) {
        self.writer = consume writer
        self.date = date
        self.isHeadOnly = isHeadOnly
    }

    @concurrent mutating func respond(_ response: WholeResponse) async throws {
        guard let writer = writer.take() else { preconditionFailure("a response can be written once") }
        status = response.status
        refusal = response.refusal
        var fields = response.fields
        fields[.date] = date
        fields[.contentLength] = String(response.body.count)
        let head = HTTPResponse(status: response.status, headerFields: fields)
        try await writer.write(
            response: head,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: isHeadOnly ? [] : response.body))
        )
    }

    @concurrent mutating func start(_ fields: HTTPFields) async throws {
        guard let writer = writer.take() else { preconditionFailure("a response can be started once") }
        hasStarted = true
        status = .ok
        var fields = fields
        fields[.date] = date
        body = try await writer.writeHead(HTTPResponse(status: .ok, headerFields: fields))
    }

    @concurrent mutating func send(_ bytes: [UInt8]) async throws {
        precondition(hasStarted, "a response is started before it is sent")
        guard body != nil else { throw ChannelError.ioOnClosedChannel }
        try await body?.write(ByteBuffer(bytes: bytes))
    }

    /// Tells of an error in the middle of a stream, where it can be no status any more.
    @concurrent mutating func send(_ error: GatewayError) async throws {
        let response = ErrorResponse(error)
        refusal = response.code
        try await send(ServerSentEvent.data(response.json))
    }

    @concurrent mutating func finish() async throws {
        precondition(hasStarted, "a response is started before it is finished")
        try await body.take()?.finish(nil)
    }
}
