internal import CLlama
internal import ModelExecutor

/// Typed access to the fields of a head file; every wrong type is an error and not a crash.
struct HeadFields {
    let file: OpaquePointer
    let tensors: OpaquePointer
    let name: String

    func text(_ key: String) -> String? {
        let id = gguf_find_key(file, key)
        guard id >= 0, gguf_get_kv_type(file, id) == GGUF_TYPE_STRING else { return nil }
        return gguf_get_val_str(file, id).map(String.init(cString:))
    }

    func count(_ key: String) -> Int? {
        let id = gguf_find_key(file, key)
        guard id >= 0, gguf_get_kv_type(file, id) == GGUF_TYPE_UINT32 else { return nil }
        return Int(gguf_get_val_u32(file, id))
    }

    /// An array of 32-bit floats; nil where the file has no field of that name.
    func numbers(_ key: String) throws(LlamaError) -> [Float]? {
        let id = gguf_find_key(file, key)
        guard id >= 0 else { return nil }
        // In this order: asking for an array's type ends the program where there is no array.
        guard gguf_get_kv_type(file, id) == GGUF_TYPE_ARRAY, gguf_get_arr_type(file, id) == GGUF_TYPE_FLOAT32
        else {
            throw .unusableHead(file: name, problem: "\(key) is not an array of 32-bit floats")
        }
        let count = gguf_get_arr_n(file, id)
        guard count > 0, let data = gguf_get_arr_data(file, id) else { return [] }
        var values = [Float](repeating: 0, count: count)
        values.withUnsafeMutableBytes {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: data, count: 4 * count))
        }
        return values
    }

    /// What the head's scores are worth; nil in a file that has neither half of it.
    func calibration() throws(LlamaError) -> Calibration? {
        let (scoresKey, probabilitiesKey) = (HeadFile.scoresKey, HeadFile.probabilitiesKey)
        let stored = (try numbers(scoresKey), try numbers(probabilitiesKey))
        guard stored.0 != nil || stored.1 != nil else { return nil }
        guard let scores = stored.0, let probabilities = stored.1 else {
            let (missing, other) =
                stored.0 == nil ? (scoresKey, probabilitiesKey) : (probabilitiesKey, scoresKey)
            throw .unusableHead(file: name, problem: "it has \(other) and lacks \(missing)")
        }
        guard scores.count == probabilities.count else {
            let problem =
                "\(scoresKey) has \(scores.count) values and \(probabilitiesKey) \(probabilities.count)"
            throw .unusableHead(file: name, problem: problem)
        }
        let worth = probabilities.map(Double.init)
        guard let curve = Calibration(scores: scores.map(Double.init), probabilities: worth) else {
            let shape = "are no rising curve of 1 to \(Calibration.mostPoints) points in 0...1"
            throw .unusableHead(file: name, problem: "\(scoresKey) and \(probabilitiesKey) \(shape)")
        }
        return curve
    }

    /// The tensor's values as 32-bit floats; `shape` counts from the fastest dimension and may leave out ones.
    func tensor(_ key: String, shape: [Int]) throws(LlamaError) -> [Float] {
        guard let tensor = ggml_get_tensor(tensors, key) else {
            throw .unusableHead(file: name, problem: "the tensor \(key) is missing")
        }
        let stored = [tensor.pointee.ne.0, tensor.pointee.ne.1, tensor.pointee.ne.2, tensor.pointee.ne.3]
            .map(Int.init)
        let wanted = shape + Array(repeating: 1, count: 4 - shape.count)
        guard stored == wanted else {
            throw .unusableHead(file: name, problem: "the tensor \(key) has shape \(stored), not \(wanted)")
        }
        let count = shape.reduce(1, *)
        guard let data = tensor.pointee.data else {
            throw .unusableHead(file: name, problem: "the tensor \(key) has no values")
        }
        var values = [Float](repeating: 0, count: count)
        switch tensor.pointee.type {
        case GGML_TYPE_F32:
            values.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(start: data, count: 4 * count))
            }
        case GGML_TYPE_F16:
            ggml_fp16_to_fp32_row(data.assumingMemoryBound(to: ggml_fp16_t.self), &values, Int64(count))
        case GGML_TYPE_BF16:
            ggml_bf16_to_fp32_row(data.assumingMemoryBound(to: ggml_bf16_t.self), &values, Int64(count))
        default:
            throw .unusableHead(file: name, problem: "the tensor \(key) is not stored as F32, F16 or BF16")
        }
        return values
    }
}
