internal import ModelExecutor

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// llama.cpp's own batched benchmark, run as a program.
struct BatchedBench {
    let tool: String
    let file: String
    /// Tokens that each sequence generates.
    let tokens: Int
    let flashAttention: LlamaSettings.FlashAttention
    let gpuLayers: Int

    /// Generation speed by number of sequences, with what the model was opened with.
    func speeds(_ opening: BenchmarkGrid.Opening, efforts: [Int], of model: LlamaModel) throws(LlamaError)
        -> [Int: Double]
    {
        let most = efforts.max() ?? 1
        let cells = model.limits.contextTokens * most
        let type = opening.cacheType.rawValue
        let arguments = [
            tool, "-m", file, "-c", "\(cells)", "-b", "\(model.limits.rowsPerBatch)", "-ub",
            "\(model.limits.rowsPerBatch)", "-npp", "\(opening.promptTokens)", "-ntg", "\(tokens)", "-npl",
            efforts.map(String.init).joined(separator: ","), "-pps", "-t", "\(model.threads)", "-tb",
            "\(model.threads)", "-ctk", type, "-ctv", type,
            "-fa", flashAttention.rawValue, "-ngl", LlamaSettings.toolArgument(gpuLayers: gpuLayers),
            model.isUnified ? "--kv-unified" : "--no-kv-unified", "--output-format", "jsonl",
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
        guard pclose(pipe) == 0 else {
            throw .benchmarkFailed("\(tool) failed; run it by hand to see why")
        }
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

extension LlamaSettings {
    /// How llama.cpp's own programs are told of layers on a GPU; a negative number is their word for a guess.
    public static func toolArgument(gpuLayers: Int) -> String {
        gpuLayers < 0 ? "all" : "\(gpuLayers)"
    }
}
