import Foundation

/// The cost of making one small write durable on the disk that holds a folder.
enum DiskFlush {
    static let samples = 101

    /// Median milliseconds of a 4 KiB write and its flush.
    static func median(in folder: String) throws -> Double {
        let path = folder + "/flush-probe"
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer {
            try? file.close()
            try? FileManager.default.removeItem(atPath: path)
        }
        let page = Data(repeating: 0x5A, count: 4096)
        var milliseconds: [Double] = []
        for _ in 0..<samples {
            let started = ContinuousClock.now
            try file.write(contentsOf: page)
            try file.synchronize()
            milliseconds.append(started.duration(to: .now) / .milliseconds(1))
        }
        return milliseconds.sorted()[samples / 2]
    }
}

/// Memory of a process as the kernel counts it.
enum ProcessMemory {
    /// Resident set in megabytes; nil where /proc isn't there.
    static func residentMegabytes(of process: Int32) -> Double? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else {
            return nil
        }
        for line in status.split(separator: "\n") where line.hasPrefix("VmRSS:") {
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap {
                Double($0)
            }
            return kilobytes.map { $0 / 1024 }
        }
        return nil
    }
}
