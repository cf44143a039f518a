import AsyncHTTPClient
import Foundation
import LlamaBackend
import ModelExecutor
import NIOCore
import NIOHTTP1
import Subprocess
import SystemPackage

/// llama.cpp's own server running as a child process, on a port of its choice.
struct LlamaServer: Sendable {
    let port: Int

    /// One of the n completions of a prompt.
    struct Completion: Sendable, Equatable, Decodable {
        let content: String
        let tokens: Int

        private enum CodingKeys: String, CodingKey {
            case content
            case tokens = "tokens_predicted"
        }
    }

    /// What the server is started with; the rest are its own defaults.
    struct Arguments: Sendable {
        var model: String
        var slots: Int
        var contextTokens: Int
        var threads: Int
        var isUnified: Bool
        /// Cache type, flash attention and GPU layers are those of our side.
        var settings: LlamaSettings

        var list: [String] {
            [
                "--model", model, "--host", "127.0.0.1", "--port", "0", "--parallel", "\(slots)",
                "--ctx-size", "\(contextTokens * slots)", "--threads", "\(threads)", "--threads-batch",
                "\(threads)",
                "--cache-type-k", settings.cacheType.rawValue, "--cache-type-v", settings.cacheType.rawValue,
                "--flash-attn", settings.flashAttention.rawValue, "--gpu-layers",
                LlamaSettings.toolArgument(gpuLayers: settings.gpuLayers),
                isUnified ? "--kv-unified" : "--no-kv-unified",
                // Prompts of finished requests would be copied out of the cache, which nothing here asks for again.
                "--cache-ram", "0", "--no-ui", "--offline",
            ]
        }
    }

    /// Far beyond what loading a model from a cold disk takes.
    static let patience = Duration.seconds(120)
    private static let poll = Duration.milliseconds(20)
    /// Completions are bounded by their most tokens; this is past any of them.
    private static let maximumReplyBytes = 64 << 20

    /// Starts the server, waits until its model is loaded, runs the body and stops the server whatever happens.
    ///
    /// - Throws: what the body throws, or `UsageError` with the server's last words if it never was ready.
    static func serving<Result: Sendable>(
        _ executable: String,
        _ arguments: Arguments,
        patience: Duration = patience,
        during body: @escaping @Sendable (LlamaServer) async throws -> Result
    ) async throws -> Result {
        let outcome = try await Subprocess.run(
            .path(FilePath(executable)),
            arguments: .init(arguments.list),
            input: .none,
            output: .sequence,
            error: .combinedWithOutput
        ) { execution -> Result? in
            let lines = execution.standardOutput.strings()
            let (ports, found) = AsyncStream<Int>.makeStream(bufferingPolicy: .bufferingOldest(1))
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                // It has no state worth a polite end, and a kill can't be waited for in vain.
                defer { try? execution.send(signal: .kill) }
                // Its log must be read to the end, or it would wait for room in the pipe.
                group.addTask {
                    var last = "it said nothing"
                    for try await line in lines {
                        if let port = port(inLine: line) { found.yield(port) }
                        last = line
                    }
                    throw UsageError("llama-server ended by itself; its last line is: \(last)")
                }
                group.addTask {
                    guard let port = await ports.first(where: { _ in true }) else { return nil }
                    let server = LlamaServer(port: port)
                    try await server.becomeReady(within: patience)
                    return try await body(server)
                }
                return try await group.next() ?? nil
            }
        }
        guard let result = outcome.closureResult else { throw CancellationError() }
        return result
    }

    /// Asks for n completions of the prompt, which is given in tokens so that both sides get the same.
    func completions(
        of prompt: [Token],
        n: Int,
        sampling: Sampling,
        maxTokens: Int
    ) async throws -> [Completion] {
        let body = Request(
            prompt: prompt,
            n: n,
            nPredict: maxTokens,
            temperature: sampling.temperature,
            topP: sampling.topP,
            topK: sampling.topK,
            repeatPenalty: sampling.repetitionPenalty,
            seed: UInt32(truncatingIfNeeded: sampling.seed)
        )
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/completion")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try encoder.encode(body)))
        let response = try await HTTPClient.shared.execute(request, timeout: .minutes(10))
        let bytes = try await response.body.collect(upTo: Self.maximumReplyBytes)
        return try Self.completions(
            in: Data(bytes.readableBytesView),
            status: Int(response.status.code),
            n: n
        )
    }

    /// Reads a reply: an object for one completion, an array for several.
    static func completions(in reply: Data, status: Int, n: Int) throws(UsageError) -> [Completion] {
        let decoder = JSONDecoder()
        guard status == 200 else {
            let refusal = try? decoder.decode(Refusal.self, from: reply)
            throw UsageError("llama-server answered \(status): \(refusal?.error.message ?? "no message")")
        }
        let several = try? decoder.decode([Completion].self, from: reply)
        let completions = several ?? (try? decoder.decode(Completion.self, from: reply)).map { [$0] } ?? []
        guard completions.count == n else {
            throw UsageError("llama-server gave \(completions.count) completions where \(n) were asked for")
        }
        return completions
    }

    /// The port, if this is the line of its log that says where it listens.
    static func port(inLine line: String) -> Int? {
        guard let range = line.firstRange(of: "listening on http://127.0.0.1:") else { return nil }
        return Int(line[range.upperBound...].prefix(while: \.isNumber))
    }

    /// Waits until the model is loaded: it listens before that, and answers 503.
    private func becomeReady(within patience: Duration) async throws {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health")
            let timeout = TimeAmount(deadline - .now)
            let response = try await HTTPClient.shared.execute(request, timeout: timeout)
            _ = try await response.body.collect(upTo: Self.maximumReplyBytes)
            if response.status == .ok { return }
            try await Task.sleep(for: Self.poll)
        }
        throw UsageError("llama-server had no model loaded after \(patience)")
    }

    /// Samplers of its own that ours has not are switched off; the rest are its defaults.
    private struct Request: Encodable {
        let prompt: [Token]
        let n: Int
        let nPredict: Int
        let temperature: Double
        let topP: Double
        let topK: Int
        let minP = 0.0
        let repeatPenalty: Double
        let seed: UInt32
        let stream = false
    }

    private struct Refusal: Decodable {
        struct Problem: Decodable {
            let message: String
        }
        let error: Problem
    }
}
