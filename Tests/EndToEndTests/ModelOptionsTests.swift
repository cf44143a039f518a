import ArgumentParser
import LlamaBackend
import Testing

@testable import CLI

/// What may be said about the model on the command line.
@Suite struct ModelOptionsTests {
    @Test func `the model's settings are those typed`() throws {
        let options = try ModelOptions.parse([
            "--context", "300", "--sequences", "5", "--prefix-sequences", "2", "--threads", "3",
            "--gpu-layers", "0",
            "--kv-layout", "unified", "--kv-type", "q8_0", "--flash-attention", "on",
        ])
        #expect(
            options.settings
                == LlamaSettings(
                    layout: .unified,
                    cacheType: .eightBit,
                    flashAttention: .on,
                    contextTokens: 300,
                    sequences: 5,
                    prefixSequences: 2,
                    threads: 3,
                    gpuLayers: 0
                )
        )
    }

    @Test func `nothing typed is the settings' own defaults but for the context`() throws {
        #expect(try ModelOptions.parse([]).settings == LlamaSettings(contextTokens: 512))
        #expect(try ModelOptions.parse(["--model", "m.gguf"]).settings == LlamaSettings())
    }

    @Test(arguments: [
        (["--kv-type", "q8_0", "--flash-attention", "off"], "--kv-type q8_0 needs flash attention"),
        (["--sequences", "257"], "--sequences is 257; choose 1 to 256"),
        (["--sequences", "250"], "--prefix-sequences is 8; with --sequences 250 choose 0 to 6"),
        (["--kv-type", "q2"], "please provide one of 'f16', 'q8_0' or 'f32'"),
        (["--threads", "0"], "--threads must be 1 to 512"),
        (["--context", "63"], "--context must be 64 to 1048576"),
        (["--head", "h.gguf"], "--head belongs to a --model"),
    ])
    func `what no model could be opened with is refused`(arguments: [String], reason: String) {
        let error = #expect(throws: (any Error).self) { try ModelOptions.parse(arguments) }
        let message = error.map { ModelOptions.message(for: $0) } ?? ""
        #expect(message.lowercased().contains(reason.lowercased()), "\(message)")
    }
}
