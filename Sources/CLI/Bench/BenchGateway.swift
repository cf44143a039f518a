import ArgumentParser
import Foundation

/// `headgate bench gateway`: requests per second of the whole path but the model.
struct BenchGateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway",
        abstract: "Measure the gateway with a scripted executor: TLS, policy, durable record, answer.",
        discussion: """
            Starts a gateway of its own on a free port and loads it over TLS keep-alive connections from this \
            process. Every answer is on disk before its last byte is sent, so the time of one disk flush, \
            measured in the same run, is printed beside.
            """
    )

    @Option(help: "TLS keep-alive connections.")
    var connections = 32

    @Option(help: "Requests in all, after the warm-up.")
    var requests = 100_000

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        guard connections > 0, requests >= connections else {
            throw ValidationError("--connections must be at least 1 and --requests at least as many")
        }
    }

    func run() async throws {
        let files = try ServedGateway.Files.make(policies: ["bench.yaml": Self.policy])
        defer { files.remove() }
        guard let executable = Bundle.main.executablePath else {
            throw UsageError("can't find this program's own file to start a gateway from")
        }
        let flush = try DiskFlush.median(in: files.folder)
        note("loading \(connections) connections with \(requests) requests …")
        let report = try await ServedGateway.serving(
            files,
            executable: executable,
            arguments: ["--backend", "scripted", "--log-level", "error"]
        ) { gateway in
            let result = try await generator(for: gateway).run(prompt: "Use 3, 8, 8, 9 to make 24.")
            return Report(result, connections: connections, flush: flush, process: gateway.processID)
        }
        print(json ? try JSONText.encode(report) : report.text)
    }

    private func generator(for gateway: ServedGateway) -> LoadGenerator {
        LoadGenerator(
            host: "127.0.0.1",
            port: gateway.port,
            certificate: gateway.files.certificate,
            connections: connections,
            requestsPerConnection: requests / connections,
            warmUpPerConnection: max(requests / connections / 10, 1)
        )
    }

    /// An even split, so that assignment does its full work.
    private static let policy = """
        policy: bench
        description: Even split for measuring the gateway itself
        priority: 1
        match: {models: [default]}
        subject: {from: [header:x-subject-id], otherwise: request}
        salt: bench
        arms:
          low: {share: 50%, mode: low, control: true}
          medium: {share: 50%, mode: medium}
        metrics:
          success: {kind: binary, better: higher, window: 1h}
        """

    struct Report: Encodable {
        let connections: Int
        let requests: Int
        let refused: Int
        let requestsPerSecond: Double
        let p50Ms: Double
        let p99Ms: Double
        let p999Ms: Double
        let diskFlushMs: Double
        let residentMb: Double?

        init(_ result: LoadGenerator.Result, connections: Int, flush: Double, process: Int32) {
            self.connections = connections
            requests = result.answered
            refused = result.refused
            requestsPerSecond = Double(result.answered) / result.seconds
            p50Ms = result.milliseconds(0.5)
            p99Ms = result.milliseconds(0.99)
            p999Ms = result.milliseconds(0.999)
            diskFlushMs = flush
            residentMb = ProcessMemory.residentMegabytes(of: process)
        }

        var text: String {
            """
            \(requests) requests over \(connections) TLS keep-alive connections, \(refused) refused
            \(requestsPerSecond.fixed(0)) requests/s
            p50 \(p50Ms.fixed(2)) ms   p99 \(p99Ms.fixed(2)) ms   p99.9 \(p999Ms.fixed(2)) ms
            one disk flush \(diskFlushMs.fixed(2)) ms, so p50 is \((p50Ms / diskFlushMs).fixed(1)) flushes
            resident memory \(residentMb.map { $0.fixed(0) } ?? "unknown") MB
            """
        }
    }
}
