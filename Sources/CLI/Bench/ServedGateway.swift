import Foundation
import Subprocess
import SystemPackage

/// A gateway running as a child process, on a free port, with a folder of its own.
///
/// For benchmarks and end-to-end tests: what they meet is the built program, not parts of it.
struct ServedGateway: Sendable {
    /// `https://127.0.0.1:PORT`.
    let url: String
    let port: Int
    /// `https://127.0.0.1:PORT` of the admin plane; nil if it is turned off.
    let adminURL: String?
    let processID: Int32
    let files: Files
    private let signal: @Sendable (Signal) throws -> Void

    /// Where a gateway's own files lie.
    struct Files: Sendable {
        let folder: String

        var policies: String { folder + "/policies" }
        var database: String { folder + "/headgate.db" }
        var certificate: String { folder + "/headgate-cert.pem" }

        /// Makes the folder and writes the policies, by file name.
        static func make(policies documents: [String: String]) throws -> Files {
            let files = Files(folder: NSTemporaryDirectory() + "headgate-" + UUID().uuidString)
            try FileManager.default.createDirectory(
                atPath: files.policies,
                withIntermediateDirectories: true
            )
            for (name, text) in documents { try files.write(policy: name, text) }
            return files
        }

        func write(policy name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: policies + "/" + name), options: .atomic)
        }

        func remove() {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// Starts `headgate serve`, waits until it listens, runs the body, then stops the gateway politely.
    ///
    /// - Throws: what the body throws, or `UsageError` if the gateway never listened, or ended otherwise than with
    ///   status 0 or by the body's own kill.
    static func serving<Result: Sendable>(
        _ files: Files,
        executable: String,
        arguments: [String],
        during body: @Sendable (ServedGateway) async throws -> Result
    ) async throws -> Result {
        let common = [
            "serve", "--policies", files.policies, "--db", files.database, "--listen", "127.0.0.1:0",
            "--admin", "127.0.0.1:0", "--state", files.folder,
        ]
        let outcome = try await Subprocess.run(
            .path(FilePath(executable)),
            arguments: .init(common + arguments),
            input: .none,
            output: .sequence,
            error: .currentStandardError
        ) { execution -> Result? in
            var lines = execution.standardOutput.strings().makeAsyncIterator()
            var announced: [String: Int] = [:]
            while announced["listening"] == nil, let line = try await lines.next() {
                if let (word, port) = announcement(line) { announced[word] = port }
            }
            guard let port = announced["listening"] else { return nil }
            let gateway = ServedGateway(
                url: "https://127.0.0.1:\(port)",
                port: port,
                adminURL: announced["admin"].map { "https://127.0.0.1:\($0)" },
                processID: execution.processIdentifier.value,
                files: files,
                signal: { try execution.send(signal: $0) }
            )
            do {
                let result = try await body(gateway)
                try execution.send(signal: .terminate)
                return result
            } catch {
                try execution.send(signal: .kill)
                throw error
            }
        }
        guard let result = outcome.closureResult else {
            throw UsageError("the gateway ended before it listened (\(outcome.terminationStatus))")
        }
        switch outcome.terminationStatus {
        case .exited(0), .signaled(Signal.kill.rawValue): return result
        default: throw UsageError("the gateway ended with \(outcome.terminationStatus), not with status 0")
        }
    }

    func send(_ signal: Signal) throws {
        try self.signal(signal)
    }

    /// Which plane a line tells the port of; nil if it tells of none.
    private static func announcement(_ line: String) -> (plane: String, port: Int)? {
        guard let space = line.firstRange(of: " https://"), let colon = line.lastIndex(of: ":"),
            let port = Int(line[line.index(after: colon)...])
        else { return nil }
        return (String(line[..<space.lowerBound]), port)
    }
}
