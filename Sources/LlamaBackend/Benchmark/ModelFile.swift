#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The model's file for a program that needs a path; a temporary one, gone with this, where the model is in memory.
public final class ModelFile: Sendable {
    public let path: String
    private let isTemporary: Bool

    public init(_ source: ModelSource) throws(LlamaError) {
        switch source {
        case .file(let path):
            self.path = path
            isTemporary = false
        case .bytes(let bytes, let name):
            let folder = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
            var template = Array("\(folder)/headgate-bench-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
            isTemporary = descriptor >= 0
            guard descriptor >= 0, write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
                throw .benchmarkFailed("cannot write \(name) to \(path): \(String(cString: strerror(errno)))")
            }
            close(descriptor)
        }
    }

    deinit { if isTemporary { unlink(path) } }
}

/// What `make bench-tools` builds of llama.cpp.
public enum BenchTool: String, Sendable {
    case batchedBench = "llama-batched-bench"
    case server = "llama-server"

    /// Where it lies; nil when it is not built.
    public var path: String? {
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let cache = getenv("XDG_CACHE_HOME").map { String(cString: $0) } ?? "\(home)/.cache"
        let path = "\(cache)/headgate/llama/current/bin/\(rawValue)"
        return access(path, X_OK) == 0 ? path : nil
    }
}
