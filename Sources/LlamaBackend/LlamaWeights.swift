internal import CLlama

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Where a model comes from.
public enum ModelSource {
    case file(path: String)
    /// A whole GGUF in memory, such as the one that is part of the binary; it must outlive the load only.
    case bytes(UnsafeRawBufferPointer, name: String)

    /// What an error calls it.
    var name: String {
        switch self {
        case .file(let path): path
        case .bytes(_, let name): name
        }
    }
}

/// The loaded weights and vocabulary of one GGUF; freed with the last reference.
final class LlamaWeights {
    let model: OpaquePointer
    let vocabulary: OpaquePointer
    let name: String

    init(source: ModelSource, gpuLayers: Int) throws(LlamaError) {
        LlamaLog.start
        var parameters = llama_model_default_params()
        parameters.n_gpu_layers = Int32(clamping: gpuLayers)
        let (model, reason) = try Self.load(source, parameters)
        guard let model else {
            throw .unreadableModel(name: source.name, reason: reason ?? "llama.cpp gave no reason")
        }
        guard let vocabulary = llama_model_get_vocab(model) else {
            llama_model_free(model)
            throw .unreadableModel(name: source.name, reason: "it has no vocabulary")
        }
        guard llama_model_has_decoder(model), !llama_model_has_encoder(model) else {
            llama_model_free(model)
            throw .unreadableModel(name: source.name, reason: "it is not a decoder-only language model")
        }
        self.model = model
        self.vocabulary = vocabulary
        name = source.name
    }

    deinit { llama_model_free(model) }

    var width: Int { Int(llama_model_n_embd(model)) }
    var layers: Int { Int(llama_model_n_layer(model)) }
    var trainedContext: Int { Int(llama_model_n_ctx_train(model)) }
    var bytes: Int { Int(llama_model_size(model)) }
    var parameterCount: Int { Int(llama_model_n_params(model)) }

    /// Whether its sequences can be shortened: a recurrent state only ever knows the whole sequence.
    var shortensSequences: Bool { !llama_model_is_recurrent(model) && !llama_model_is_hybrid(model) }

    /// What its tokens take of the key-value cache. The sizes of keys and values are the file's own where it names
    /// them; otherwise the heads share the width.
    var cacheShape: CacheShape {
        let shared = width / max(1, Int(llama_model_n_head(model)))
        let architecture = metadata("general.architecture") ?? ""
        func length(of part: String) -> Int {
            metadata("\(architecture).attention.\(part)_length").flatMap(Int.init) ?? shared
        }
        return CacheShape(
            layers: layers,
            heads: Int(llama_model_n_head_kv(model)),
            keyWidth: length(of: "key"),
            valueWidth: length(of: "value")
        )
    }

    /// A metadata value of the GGUF as text; nil when the key is absent.
    func metadata(_ key: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = llama_model_meta_val_str(model, key, &buffer, buffer.count)
        guard length >= 0, Int(length) < buffer.count else { return nil }
        return String(decoding: buffer[..<Int(length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func load(
        _ source: ModelSource,
        _ parameters: llama_model_params
    ) throws(LlamaError) -> (OpaquePointer?, String?) {
        switch source {
        case .file(let path):
            guard access(path, R_OK) == 0 else {
                throw .unreadableModel(name: path, reason: String(cString: strerror(errno)))
            }
            return LlamaLog.complaints { llama_model_load_from_file(path, parameters) }
        case .bytes(let bytes, let name):
            guard let file = memoryFile(holding: bytes) else {
                throw .unreadableModel(name: name, reason: String(cString: strerror(errno)))
            }
            defer { fclose(file) }
            return LlamaLog.complaints { llama_model_load_from_file_ptr(file, parameters) }
        }
    }

    /// An open file with these bytes that has no path: llama.cpp maps the file that it loads, so it needs a
    /// real descriptor, and a model inside the binary has none.
    private static func memoryFile(holding bytes: UnsafeRawBufferPointer) -> UnsafeMutablePointer<FILE>? {
        #if os(Linux)
            let descriptor = memfd_create("headgate-model", 0)
            guard descriptor >= 0, let file = fdopen(descriptor, "w+b") else { return nil }
        #else
            guard let file = tmpfile() else { return nil }
        #endif
        guard fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
            fclose(file)
            return nil
        }
        rewind(file)
        return file
    }
}
