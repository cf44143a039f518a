#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The process's own figures, under the names that Prometheus clients share.
struct ProcessMetrics: Sendable {
    private let residentMemory: Gauge
    private let cpu: Counter
    private let openFiles: Gauge
    #if canImport(Glibc)
        private static let thisProcess = RUSAGE_SELF.rawValue
    #else
        private static let thisProcess = RUSAGE_SELF
    #endif

    init(_ registry: Registry) {
        residentMemory = registry.gauge(MetricCatalogue.residentMemory)
        cpu = registry.counter(MetricCatalogue.processCPU)
        openFiles = registry.gauge(MetricCatalogue.openFiles)
        registry.gauge(MetricCatalogue.startTime).set(ProcessMetrics.startTime)
    }

    /// Reads the figures anew. What the system doesn't tell stays as it was.
    func update() {
        var usage = rusage()
        if getrusage(ProcessMetrics.thisProcess, &usage) == 0 {
            cpu.set(ProcessMetrics.microseconds(usage.ru_utime) + ProcessMetrics.microseconds(usage.ru_stime))
        }
        if let pages = ProcessMetrics.words(of: "/proc/self/statm").dropFirst().first.flatMap(Double.init) {
            residentMemory.set(pages * Double(sysconf(CInt(_SC_PAGESIZE))))
        }
        if let count = ProcessMetrics.entries(of: "/proc/self/fd") { openFiles.set(count) }
    }

    private static func microseconds(_ time: timeval) -> Int {
        Int(time.tv_sec) * 1_000_000 + Int(time.tv_usec)
    }

    /// Seconds since 1970: boot time plus the 22nd field of `/proc/self/stat`, in clock ticks since boot.
    private static var startTime: Double {
        // The second field is the program's name in parentheses and may hold spaces.
        let fields = text(of: "/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        let boot = text(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        guard fields.count > 19, let ticks = Double(fields[19]), let boot,
            let seconds = Double(boot.dropFirst(6))
        else { return 0 }
        return seconds + ticks / Double(sysconf(CInt(_SC_CLK_TCK)))
    }

    private static func words(of path: String) -> [Substring] {
        text(of: path).split(whereSeparator: \.isWhitespace)
    }

    /// Up to 64 KiB of a file; empty if it can't be read.
    private static func text(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 65_536 {
            let count = read(descriptor, &chunk, chunk.count)
            if count <= 0 { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// How many entries a folder has, without itself, its parent and the descriptor that reads it.
    private static func entries(of path: String) -> Int? {
        guard let folder = opendir(path) else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)
    }
}
