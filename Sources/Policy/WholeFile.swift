internal import FoundationEssentials

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Replaces files so that whoever reads one sees all of the old or all of the new, and a crash leaves one of the two.
package enum WholeFile {
    /// Why a file is as it was.
    package enum Failure: Error, Sendable, Hashable {
        /// The caller found that it is no longer the one to be replaced.
        case stale
        /// What the system says.
        case failed(String)
    }

    /// Creates the file with its mode, so that a secret is at no moment readable by others.
    ///
    /// - Parameter isStale: asked right before the new file takes the old one's place.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32,
        unless isStale: () -> Bool = { false }
    ) throws(Failure) {
        let draft = "\(path).\(getpid()).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw lastError() }
        let isWritten =
            fchmod(descriptor, mode_t(mode)) == 0 && writeAll(bytes, descriptor) && fsync(descriptor) == 0
        let problem = lastError()
        close(descriptor)
        guard isWritten else {
            unlink(draft)
            throw problem
        }
        guard !isStale() else {
            unlink(draft)
            throw .stale
        }
        guard rename(draft, path) == 0 else {
            let problem = lastError()
            unlink(draft)
            throw problem
        }
        syncFolder(of: path)
    }

    package static func remove(_ path: String, unless isStale: () -> Bool) throws(Failure) {
        guard !isStale() else { throw .stale }
        guard unlink(path) == 0 else { throw lastError() }
        syncFolder(of: path)
    }

    /// Makes the name last as well as the bytes. A file system that can't is no reason to take the change back.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Kind and permissions of an open file; nil if the system can't tell.
    ///
    /// Here for modules that see CoreFoundation too: there the compiler takes the field for that one's.
    package static func mode(ofOpen descriptor: Int32) -> UInt32? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt32(status.st_mode) : nil
    }

    private static func lastError() -> Failure {
        .failed(String(cString: strerror(errno)))
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
