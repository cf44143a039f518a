internal import CLlama
internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The weights of a reference score head, from the `score_module.pt` that PyTorch saved.
public struct TorchStateDict: Sendable {
    /// Names in the state dict of a sequential of linear, ReLU, dropout, linear.
    private static let keys = ["0.weight", "0.bias", "3.weight", "3.bias"]

    /// Width of the residual stream that the head reads.
    public let hiddenSize: Int
    let weights: HeadWeights

    public init(path: String) throws(LlamaError) {
        guard let file = fopen(path, "rb") else {
            throw .unusableStateDict(file: path, problem: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        fseek(file, 0, SEEK_END)
        let size = ftell(file)
        rewind(file)
        // The largest published head, 32B in 32-bit floats, has 210 MB.
        guard size >= 0, size <= 1 << 30 else {
            throw .unusableStateDict(file: path, problem: "it has \(size) bytes; a head has less than 1 GiB")
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            count = fread(buffer.baseAddress, 1, size, file)
        }
        try self.init(bytes: bytes, name: path)
    }

    public init(bytes: [UInt8], name: String) throws(LlamaError) {
        let archive: ZipArchive
        let tensors: [String: StateDictPickle.Tensor]
        do {
            archive = try ZipArchive(bytes: bytes)
        } catch {
            throw .unusableStateDict(file: name, problem: error.description)
        }
        guard let pickle = archive.entry("data.pkl") else {
            throw .unusableStateDict(file: name, problem: "its archive has no data.pkl")
        }
        if let order = archive.entry("byteorder"), !order.elementsEqual("little".utf8) {
            throw .unusableStateDict(file: name, problem: "its numbers are not little-endian")
        }
        do {
            tensors = try StateDictPickle.tensors(in: pickle)
        } catch {
            throw .unusableStateDict(file: name, problem: error.description)
        }
        guard Set(tensors.keys) == Set(Self.keys) else {
            let found = tensors.keys.sorted().prefix(8).joined(separator: ", ")
            let problem = "it has the keys \(found), not \(Self.keys.joined(separator: ", "))"
            throw .unusableStateDict(file: name, problem: problem)
        }
        let width = tensors["0.weight"]?.shape.last ?? 0
        let shapes = [[2 * width, width], [2 * width], [1, 2 * width], [1]]
        var values: [[Float]] = []
        for (key, shape) in zip(Self.keys, shapes) {
            guard let tensor = tensors[key], tensor.shape == shape else {
                let found = tensors[key].map { "\($0.shape)" } ?? "none"
                throw .unusableStateDict(file: name, problem: "\(key) has shape \(found), not \(shape)")
            }
            guard let floats = Self.floats(of: tensor, in: archive) else {
                throw .unusableStateDict(file: name, problem: "the numbers of \(key) are not all there")
            }
            values.append(floats)
        }
        hiddenSize = width
        weights = HeadWeights(w1: values[0], b1: values[1], w2: values[2], b2: values[3])
    }

    /// The tensor's numbers, row by row; nil where the storage is missing, short or laid out otherwise.
    private static func floats(of tensor: StateDictPickle.Tensor, in archive: ZipArchive) -> [Float]? {
        var stride = 1
        for (extent, step) in zip(tensor.shape, tensor.stride).reversed() {
            guard extent == 1 || step == stride else { return nil }
            let (product, overflows) = stride.multipliedReportingOverflow(by: extent)
            guard !overflows else { return nil }
            stride = product
        }
        let count = stride
        let width = tensor.type.bytes
        guard let storage = archive.entry("data/\(tensor.storage)"),
            (0...storage.count).contains(tensor.offset), (0...storage.count).contains(count),
            (tensor.offset + count) * width <= storage.count
        else { return nil }
        let bytes = storage.dropFirst(tensor.offset * width).prefix(count * width)
        return bytes.withUnsafeBytes { raw in
            (0..<count).map { index in
                switch tensor.type {
                case .float32:
                    Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                case .float16:
                    ggml_fp16_to_fp32(raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                case .bfloat16:
                    Float(
                        bitPattern: UInt32(raw.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
                            << 16
                    )
                }
            }
        }
    }
}
