internal import Policy

/// Every bound that the gateway puts on what a client may send or hold, by name.
///
/// The executor's and the record's own queues are bounded beside them, in `BatchSettings` and
/// `StoreConfiguration`; header bytes and fields hold over HTTP/1.1, while HTTP/2 has its library's own bound.
public struct GatewayLimits: Sendable, Hashable {
    /// Bytes of one request body. 1 MiB holds about 250,000 tokens of text, past any context served here.
    public var bodyBytes = 1 << 20
    /// Nesting of arrays and objects in a body. A chat request needs 4; the rest is room for its extensions.
    public var jsonDepth = 32
    /// Bytes of all header fields of one request together, as nginx and most proxies allow.
    public var headerBytes = 16 * 1024
    /// Header fields of one request.
    public var headerCount = 100
    /// Open connections; further ones wait in the listen backlog.
    public var connections = 10_000
    /// Chat requests between the end of their body and the end of their answer; past it a request is answered 503
    /// at once.
    public var concurrentRequests = 1_024
    /// Requests with outcomes between the end of their body and their answer, which takes one commit. They are apart
    /// from the chat requests: were they refused whenever those are many, the busiest hours would have no outcomes.
    public var concurrentOutcomeRequests = 256
    /// Bytes of all bodies on their way, whatever they are for; past it a request is answered 503. Room for 256 of
    /// the largest, or for half a million of the usual 500 bytes.
    public var arrivingBodyBytes = 256 << 20
    /// Messages of one conversation.
    public var messages = 2_048
    /// Stop strings of one request: OpenAI's own bound.
    public var stopStrings = 4
    /// Bytes of one stop string; each generated token is compared with its tail.
    public var stopStringBytes = 256
    /// Pairs in `metadata`: OpenAI's own bound.
    public var metadataPairs = 16
    /// Bytes of a caller's own identifiers (`user`, `safety_identifier`, an idempotency key, an outcome's source).
    public var identifierBytes = 256
    /// Outcomes in one batch; each batch is one commit.
    public var outcomesPerBatch = 1_000
    /// Bytes of the messages that are kept of one request where its policy captures them, and as many of its answer.
    public var capturedBytes = 64 * 1024
    /// How long a connection may take to finish its TLS handshake.
    public var handshakeTimeout: Duration = .seconds(10)
    /// How long a connection may stay open with no request on it, or with one that is only half sent. An HTTP/2
    /// client is told then, and has this time once more to leave by itself.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take over one body, from the request's head to the body's last byte. The largest body
    /// needs 280 kbit/s.
    public var bodyTimeout: Duration = .seconds(30)
    /// How long a client may leave what was sent to it unread, once the buffers on the way are full. It has to read
    /// some 30 KiB in this time, which any client that reads at all does.
    public var writeStallTimeout: Duration = .seconds(30)
    /// How often a stream that has nothing to say yet sends a comment, so that no proxy in between gives up on it.
    public var keepAliveInterval: Duration = .seconds(5)
    /// What a client that was turned away for load is told to wait before it tries again.
    public var retryAfterSeconds = 1

    /// Shadows that wait to begin, their prompts in memory; a further one is dropped. 64 of the largest bodies are
    /// 64 MiB.
    public var waitingShadows = 64
    /// Shadows that run at once: one decodes while another's record is written.
    public var shadowsAtOnce = 2
    /// How long a shadow may have waited when its turn comes; past it, it is dropped.
    public var shadowPatience: Duration = .seconds(60)
    /// How long a shadow may take from its beginning: twice a request's usual deadline, for it stands still whenever a
    /// client's request runs. Under load that never ends it would otherwise only hold memory.
    public var shadowDeadline: Duration = .seconds(60)

    /// Lines of the audit in one answer, and how many a client gets that doesn't say.
    public var auditLines = 1_000
    public var defaultAuditLines = 50
    /// Bytes of the text that lines of the audit are searched for; every line is compared with it.
    public var auditTextBytes = 256
    /// Bytes of a policy document in a body: what a file of the folder may hold.
    public var documentBytes = DocumentLimit.fileBytes
    /// Versions in one answer: a rollout makes half a dozen, so these are years.
    public var policyVersions = 1_000
    /// Versions in one If-Match: those that a client might take for the present one.
    public var entityTags = 16

    public init() {}

    /// Those of the admin plane, where a few people and programs send small requests. What they hold is apart from
    /// the data plane's, so neither can crowd out the other.
    public static var admin: GatewayLimits {
        var limits = GatewayLimits()
        // No command has a body worth more than `{}`.
        limits.bodyBytes = 1_024
        limits.connections = 64
        // Commands run one after another, and so do looks at the audit.
        limits.concurrentRequests = 8
        // Every connection's command, and as many of the largest documents as are admitted at once.
        limits.arrivingBodyBytes =
            limits.connections * limits.bodyBytes + limits.concurrentRequests * limits.documentBytes
        return limits
    }
}
