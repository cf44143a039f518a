internal import Policy

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Small files with exact modes, written so that a reader sees the whole file or the one before it.
enum StateFolder {
    /// More than any file written here: the longest is one of as many keys as there may be, with the longest tags.
    static let longestText = 1 << 20

    static func make(_ folder: String) throws(GatewayError) {
        var path = folder.hasPrefix("/") ? "" : "."
        for part in folder.split(separator: "/") {
            path += "/\(part)"
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw .cannotWrite(path: path, reason: lastError())
            }
        }
    }

    /// Creates the file with its mode, so that a secret is at no moment readable by others.
    static func write(_ text: String, to path: String, mode: mode_t) throws(GatewayError) {
        do {
            try WholeFile.write(Array(text.utf8), to: path, mode: UInt32(mode))
        } catch {
            switch error {
            case .failed(let reason): throw .cannotWrite(path: path, reason: reason)
            case .stale: preconditionFailure("\(path) is written whatever it was")
            }
        }
    }

    /// The file's text; nil if it can't be read.
    static func text(of path: String) -> String? {
        let bytes = try? contents(of: path)?.bytes
        return bytes.flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// A file's bytes and mode as they were at one moment.
    struct Contents: Sendable, Hashable {
        let bytes: [UInt8]
        let mode: mode_t
    }

    /// What a file that can't be read fails with.
    struct Unreadable: Error, Sendable, Hashable {
        let reason: String
    }

    /// Reads the whole file; nil if there is none.
    static func contents(of path: String) throws(Unreadable) -> Contents? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Unreadable(reason: lastError())
        }
        defer { close(descriptor) }
        guard let mode = WholeFile.mode(ofOpen: descriptor) else { throw Unreadable(reason: lastError()) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count <= longestText {
            let count = read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw Unreadable(reason: lastError()) }
            if count == 0 { return Contents(bytes: bytes, mode: mode_t(mode)) }
            bytes += chunk[..<count]
        }
        throw Unreadable(reason: "it is longer than \(longestText) bytes")
    }

    /// Runs the body while no other process does so with the same file.
    static func locked<Value>(
        _ path: String,
        _ body: () throws(GatewayError) -> Value
    ) throws(GatewayError) -> Value {
        let lock = "\(path)-lock"
        let descriptor = open(lock, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotWrite(path: lock, reason: lastError()) }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX) == 0 else { throw .cannotWrite(path: lock, reason: lastError()) }
        return try body()
    }

    private static func lastError() -> String {
        String(cString: strerror(errno))
    }
}
