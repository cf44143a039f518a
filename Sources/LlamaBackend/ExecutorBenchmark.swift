internal import CLlama
internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Tokens per second of the executor, beside llama.cpp's own batched benchmark on the same file.
///
/// The executor samples and scores; llama.cpp's benchmark feeds random tokens and looks at no output. Both get the
/// same threads, context, batch size and cache layout, share one prompt among the sequences, and are timed from
/// the first token after the prompt was copied. They take turns and the best of the rounds counts, because
/// other work on the machine only ever slows down.
public struct ExecutorBenchmark {
    public struct Measurement: Sendable, Hashable {
        public var k: Int
        public var threads: Int
        public var executor: Double
        /// Tokens per second of llama.cpp's benchmark; nil when it is not built.
        public var reference: Double?

        public var ratio: Double? { reference.map { executor / $0 } }
    }

    public var efforts = [1, 2, 8, 32]
    /// Tokens that each sequence generates; long enough for a second even at the highest speed.
    public var tokens = 128
    public var rounds = 3
    public var threads: Int?

    public init() {}

    /// Where `make bench-tools` puts llama.cpp's benchmark; nil when it is not there.
    public static var referenceTool: String? {
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        let cache = getenv("XDG_CACHE_HOME").map { String(cString: $0) } ?? "\(home)/.cache"
        let path = "\(cache)/headgate/llama/current/bin/llama-batched-bench"
        return access(path, X_OK) == 0 ? path : nil
    }

    /// Measures every effort; `progress` is told what is running.
    public func run(
        _ source: ModelSource,
        head: HeadFile? = nil,
        progress: (String) -> Void = { _ in }
    ) throws(LlamaError) -> [Measurement] {
        let most = efforts.max() ?? 1
        var settings = LlamaSettings(layout: .perSequence, contextTokens: tokens + 128, sequences: most)
        settings.threads = threads
        let model = try LlamaModel(source, head: head, settings: settings)
        let prompt = try promptTokens(of: model)
        var measurements = efforts.map { Measurement(k: $0, threads: model.threads, executor: 0) }
        let file = try ReferenceFile(source)
        for round in 1...max(1, rounds) {
            for index in measurements.indices {
                progress("round \(round) of \(rounds): executor, k = \(measurements[index].k)")
                let speed = try executorSpeed(model, k: measurements[index].k)
                measurements[index].executor = max(measurements[index].executor, speed)
            }
            guard let tool = Self.referenceTool else { continue }
            progress("round \(round) of \(rounds): llama-batched-bench")
            let speeds = try referenceSpeeds(tool: tool, file: file.path, prompt: prompt, model: model)
            for index in measurements.indices {
                guard let speed = speeds[measurements[index].k] else { continue }
                measurements[index].reference = max(measurements[index].reference ?? 0, speed)
            }
        }
        return measurements
    }

    private var messages: [ChatMessage] {
        [ChatMessage(role: .user, content: "Use 3, 8, 8 and 9 to make 24.")]
    }

    private func promptTokens(of model: LlamaModel) throws(LlamaError) -> Int {
        do {
            return try model.prompt(for: messages).count
        } catch {
            throw .benchmarkFailed("\(error)")
        }
    }

    private func executorSpeed(_ model: LlamaModel, k: Int) throws(LlamaError) -> Double {
        var batch = ContinuousBatch(model: UnendingModel(model))
        let selection: Selection = model.head != nil ? .bestScore : .majority
        let request = GenerationRequest(
            messages: messages,
            effort: Effort(k: k, selection: selection),
            sampling: Sampling(seed: 1),
            maxTokens: tokens
        )
        let clock = ContinuousClock()
        var start: ContinuousClock.Instant?
        var steps = 0
        do {
            _ = try batch.submit(request, now: clock.now)
        } catch {
            throw .benchmarkFailed("\(error)")
        }
        while batch.hasWork {
            for emission in batch.step(now: clock.now) {
                if case .failed(let error, _) = emission.content { throw .benchmarkFailed("\(error)") }
                guard case .event(.prefilled) = emission.content else { continue }
                steps = 0
            }
            steps += 1
            // The first batch after the prompt also copies its cells, which the reference does before its clock.
            if steps == 2 { start = clock.now }
        }
        guard let start, steps > 2 else { throw .benchmarkFailed("the model said nothing") }
        let seconds = (clock.now - start) / .seconds(1)
        return Double(k * (steps - 2)) / seconds
    }

    private func referenceSpeeds(
        tool: String,
        file: String,
        prompt: Int,
        model: LlamaModel
    ) throws(LlamaError) -> [Int: Double] {
        let arguments = [
            tool, "-m", file, "-c", "\(model.limits.cells)", "-b", "\(model.limits.rowsPerBatch)", "-ub",
            "\(model.limits.rowsPerBatch)", "-npp", "\(prompt)", "-ntg", "\(tokens)", "-npl",
            efforts.map(String.init).joined(separator: ","), "-pps", "-t", "\(model.threads)", "-tb",
            "\(model.threads)", "--output-format", "jsonl",
        ]
        let quoted = arguments.map {
            "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        }
        guard let pipe = popen(quoted.joined(separator: " ") + " 2>/dev/null", "r") else {
            throw .benchmarkFailed("\(tool) did not start")
        }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            if count == 0 { break }
            output.append(contentsOf: buffer[..<count])
        }
        guard pclose(pipe) == 0 else { throw .benchmarkFailed("\(tool) failed; run it by hand to see why") }
        return Self.speeds(inLines: String(decoding: output, as: UTF8.self))
    }

    /// Generation speed by number of sequences, from the benchmark's JSON lines.
    static func speeds(inLines text: String) -> [Int: Double] {
        func field(_ name: String, of line: Substring) -> Double? {
            guard let range = line.firstRange(of: "\"\(name)\":") else { return nil }
            let value = line[range.upperBound...].drop { $0 == " " }.prefix { !",} ".contains($0) }
            return Double(value)
        }
        var speeds: [Int: Double] = [:]
        for line in text.split(separator: "\n") {
            guard let sequences = field("pl", of: line), let speed = field("speed_tg", of: line) else {
                continue
            }
            speeds[Int(sequences)] = speed
        }
        return speeds
    }
}

/// The model's file for a program that needs a path; a temporary one where the model is in memory.
private final class ReferenceFile {
    let path: String
    private let isTemporary: Bool

    init(_ source: ModelSource) throws(LlamaError) {
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
