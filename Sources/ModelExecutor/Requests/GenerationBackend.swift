/// What a backend serves, for the model list, the record and readiness.
public struct ModelDescription: Sendable, Hashable {
    /// The name that clients send as `model`.
    public var name: String
    public var contextTokens: Int
    /// Whether scored selections work.
    public var scored: Bool
    /// Whether the scores' worth is known, as adaptive effort needs it.
    public var calibrated: Bool
    public var thinks: Bool
    public var parameterCount: Int?
    /// Content digest of what answers, so that a record says which model it was.
    public var digest: String
    /// How the model asks to be sampled where neither policy nor client says; the seed means nothing here.
    public var sampling: Sampling
    /// What the model was opened with; nil where there is no such limit.
    public var limits: ModelLimits?

    public init(
        name: String,
        contextTokens: Int,
        scored: Bool,
        calibrated: Bool = false,
        thinks: Bool,
        parameterCount: Int?,
        digest: String,
        sampling: Sampling = Sampling(seed: 0),
        limits: ModelLimits? = nil
    ) {
        self.name = name
        self.contextTokens = contextTokens
        self.scored = scored
        self.calibrated = calibrated
        self.thinks = thinks
        self.parameterCount = parameterCount
        self.digest = digest
        self.sampling = sampling
        self.limits = limits
    }
}

/// Something that turns requests into answers: the seam between the gateway and any engine.
public protocol GenerationBackend: Sendable {
    var model: ModelDescription { get }

    /// Starts the request.
    func generate(_ request: GenerationRequest) -> Generation
}
