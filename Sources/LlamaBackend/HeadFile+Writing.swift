internal import CLlama
internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// A head's numbers; the arrays are shared with the `ScoreHead` made of them.
struct HeadWeights: Sendable, Equatable {
    var w1: [Float]
    var b1: [Float]
    var w2: [Float]
    var b2: [Float]
    /// Nil where nobody measured what the scores are worth.
    var calibration: Calibration? = nil

    func head(hiddenSize: Int, name: String) throws(LlamaError) -> ScoreHead {
        do {
            return try ScoreHead(
                hiddenSize: hiddenSize,
                w1: w1,
                b1: b1,
                w2: w2,
                b2: b2,
                calibration: calibration
            )
        } catch {
            throw .unusableHead(file: name, problem: "\(error)")
        }
    }
}

extension HeadFile {
    /// A head file of a reference head, for the model whose block `layer` it was trained on.
    public init(
        converting state: TorchStateDict,
        layer: Int,
        modelDigest: String = "",
        stepText: String = ".\n\n"
    ) throws(LlamaError) {
        let name = "the converted head"
        guard (0...Int(UInt32.max)).contains(layer) else {
            throw .unusableHead(file: name, problem: "the model has no second-to-last block")
        }
        try self.init(
            state.weights,
            hiddenSize: state.hiddenSize,
            layer: layer,
            modelDigest: modelDigest,
            stepText: stepText,
            name: name
        )
    }

    init(
        _ weights: HeadWeights,
        hiddenSize: Int,
        layer: Int,
        modelDigest: String = "",
        stepText: String,
        name: String
    ) throws(LlamaError) {
        self.weights = weights
        self.name = name
        head = try weights.head(hiddenSize: hiddenSize, name: name)
        self.hiddenSize = hiddenSize
        self.layer = layer
        self.modelDigest = modelDigest
        self.stepText = stepText
    }

    /// Writes the head, beside the path first and then in its place, so that no reader sees half of it.
    public func write(to path: String) throws(LlamaError) {
        let tensors: [(String, [Float], [Int])] = [
            ("0.weight", weights.w1, [hiddenSize, 2 * hiddenSize]), ("0.bias", weights.b1, [2 * hiddenSize]),
            ("3.weight", weights.w2, [2 * hiddenSize, 1]), ("3.bias", weights.b2, [1]),
        ]
        let bytes = tensors.reduce(0) { $0 + 4 * $1.1.count } + tensors.count * (ggml_tensor_overhead() + 64)
        let parameters = ggml_init_params(mem_size: bytes, mem_buffer: nil, no_alloc: false)
        guard let memory = ggml_init(parameters), let file = gguf_init_empty() else {
            throw .cannotWrite(file: path, reason: "out of memory")
        }
        defer {
            gguf_free(file)
            ggml_free(memory)
        }
        gguf_set_val_str(file, "general.architecture", Self.architecture)
        gguf_set_val_u32(file, "headgate.head.hidden_size", UInt32(hiddenSize))
        gguf_set_val_u32(file, "headgate.head.layer", UInt32(layer))
        gguf_set_val_str(file, "headgate.head.model_digest", modelDigest)
        gguf_set_val_str(file, "headgate.head.step_text", stepText)
        if let curve = weights.calibration {
            for (key, values) in [
                (Self.scoresKey, curve.scores), (Self.probabilitiesKey, curve.probabilities),
            ] {
                gguf_set_arr_data(file, key, GGUF_TYPE_FLOAT32, values.map(Float.init), values.count)
            }
        }
        for (key, values, shape) in tensors {
            let extents = shape.map(Int64.init)
            guard let tensor = ggml_new_tensor(memory, GGML_TYPE_F32, Int32(extents.count), extents),
                let data = tensor.pointee.data
            else { throw .cannotWrite(file: path, reason: "out of memory") }
            ggml_set_name(tensor, key)
            values.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(start: data, count: $0.count).copyMemory(from: $0)
            }
            gguf_add_tensor(file, tensor)
        }
        let unfinished = path + ".unfinished"
        guard gguf_write_to_file(file, unfinished, false), rename(unfinished, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(unfinished)
            throw .cannotWrite(file: path, reason: reason)
        }
    }
}
