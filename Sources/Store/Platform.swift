internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

func logarithm(_ x: Double) -> Double { log(x) }

func exponential(_ x: Double) -> Double { exp(x) }

/// What the operating system says about its last failure.
private var lastReason: String { String(cString: strerror(errno)) }

/// Makes the file if there is none, readable and writable by its owner alone.
///
/// SQLite gives its own side files the mode of the main one, so this covers all three.
func createPrivateFile(_ path: String) throws(StoreError) {
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
        if errno == EROFS || errno == EACCES || errno == EPERM { throw .readOnly(path: path) }
        throw .cannotOpen(path: path, reason: lastReason)
    }
    close(descriptor)
}

/// Which file a path led to when the record was opened.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let inode: UInt64

    /// Nil if the path leads nowhere.
    init?(of path: String) {
        var facts = stat()
        guard stat(path, &facts) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        inode = UInt64(facts.st_ino)
    }
}

/// A lock on `<path>-lock` that ends with its holder, however the process ends.
///
/// SQLite's own locks don't do: in WAL mode a second gateway could open the same file, take the first one's open
/// requests for a crash's, and close them.
final class WriterLock: Sendable {
    private let descriptor: Mutex<CInt?>

    init(for path: String) throws(StoreError) {
        let descriptor = open("\(path)-lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(path: "\(path)-lock", reason: lastReason) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .alreadyOpen(path: path)
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Lets another process have the file; later calls do nothing.
    func release() {
        descriptor.withLock { descriptor in
            if let held = descriptor { close(held) }
            descriptor = nil
        }
    }

    deinit {
        release()
    }
}
