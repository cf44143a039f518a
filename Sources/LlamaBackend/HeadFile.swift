internal import CLlama
public import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A score head in a GGUF file of its own, with what ties it to its model.
///
/// It cannot live in the model's file: llama.cpp refuses a model with tensors that it does not know.
public struct HeadFile: Sendable {
    /// `general.architecture` of such a file.
    static let architecture = "headgate-sprm"
    static let scoresKey = "headgate.head.calibration.scores"
    static let probabilitiesKey = "headgate.head.calibration.probabilities"

    public let head: ScoreHead
    /// Width of the residual stream that the head reads.
    public let hiddenSize: Int
    /// Block whose output the head reads, from 0.
    public let layer: Int
    /// SHA-256 of the model's file in hex; empty when the head was made without knowing it.
    public let modelDigest: String
    /// The text of the token that ends a step.
    public let stepText: String
    let name: String
    let weights: HeadWeights

    /// Reads and validates the file.
    public init(path: String) throws(LlamaError) {
        guard access(path, R_OK) == 0 else {
            throw .unusableHead(file: path, problem: String(cString: strerror(errno)))
        }
        LlamaLog.start
        try self.init(name: path) { gguf_init_from_file(path, $0) }
    }

    /// Reads and validates a head that is in memory.
    public init(bytes: UnsafeRawBufferPointer, name: String) throws(LlamaError) {
        LlamaLog.start
        try self.init(name: name) { gguf_init_from_buffer(bytes.baseAddress, bytes.count, $0) }
    }

    private init(name: String, open: (gguf_init_params) -> OpaquePointer?) throws(LlamaError) {
        var tensors: OpaquePointer?
        let (file, reason) = LlamaLog.complaints {
            withUnsafeMutablePointer(to: &tensors) { open(gguf_init_params(no_alloc: false, ctx: $0)) }
        }
        defer { if let tensors { ggml_free(tensors) } }
        guard let file, let tensors else {
            throw .unusableHead(file: name, problem: reason ?? "it is not a GGUF file, or a part is missing")
        }
        defer { gguf_free(file) }
        let fields = HeadFields(file: file, tensors: tensors, name: name)
        guard fields.text("general.architecture") == Self.architecture else {
            throw .unusableHead(file: name, problem: "it is a GGUF of something else")
        }
        guard let hiddenSize = fields.count("headgate.head.hidden_size"), hiddenSize <= 1 << 16 else {
            throw .unusableHead(file: name, problem: "it does not say headgate.head.hidden_size")
        }
        guard let layer = fields.count("headgate.head.layer") else {
            throw .unusableHead(file: name, problem: "it does not say headgate.head.layer")
        }
        let hidden = 2 * hiddenSize
        let w1 = try fields.tensor("0.weight", shape: [hiddenSize, hidden])
        let b1 = try fields.tensor("0.bias", shape: [hidden])
        let w2 = try fields.tensor("3.weight", shape: [hidden])
        let b2 = try fields.tensor("3.bias", shape: [1])
        weights = HeadWeights(w1: w1, b1: b1, w2: w2, b2: b2, calibration: try fields.calibration())
        head = try weights.head(hiddenSize: hiddenSize, name: name)
        self.hiddenSize = hiddenSize
        self.layer = layer
        modelDigest = fields.text("headgate.head.model_digest") ?? ""
        stepText = fields.text("headgate.head.step_text") ?? LlamaTokenizer.defaultStepText
        self.name = name
    }

    /// Throws unless the head can score this model's steps.
    func check(
        belongsTo model: (width: Int, layers: Int, digest: String?),
        stepIsOneToken: Bool
    ) throws(LlamaError) {
        guard hiddenSize == model.width else {
            let problem = "it reads \(hiddenSize) features and the model has \(model.width)"
            throw .headOfAnotherModel(file: name, problem: problem)
        }
        guard layer == model.layers - 2 else {
            let problem = "it reads block \(layer) and the second-to-last of \(model.layers) is expected"
            throw .headOfAnotherModel(file: name, problem: problem)
        }
        if let digest = model.digest, !modelDigest.isEmpty, digest != modelDigest {
            let problem =
                "it was made for the file \(modelDigest.prefix(12)), and this one is \(digest.prefix(12))"
            throw .headOfAnotherModel(file: name, problem: problem)
        }
        guard stepIsOneToken else {
            let problem = "its step text \(String(reflecting: stepText)) is not one token of the model"
            throw .headOfAnotherModel(file: name, problem: problem)
        }
    }
}
