internal import CLlama

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
