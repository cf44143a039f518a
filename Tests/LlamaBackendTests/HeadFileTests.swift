import Foundation
import ModelExecutor
import Testing

@testable import LlamaBackend

@Suite struct HeadFileTests {
    /// A tensor that PyTorch read back from a state dict which it had saved.
    struct Tensor: Decodable {
        var shape: [Int]
        var values: [Float]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent()

    static func stateDict(_ path: String) throws -> TorchStateDict {
        try TorchStateDict(path: folder.appending(path: path).path())
    }

    @Test(arguments: ["score_module.pt", "score_module-f16.pt", "score_module-bf16.pt"])
    func `a reference state dict holds the numbers that PyTorch reads`(name: String) throws {
        let json = try Data(contentsOf: Self.folder.appending(path: "Vectors/score_module.json"))
        let all = try JSONDecoder().decode([String: [String: Tensor]].self, from: json)
        let expected = try #require(all[name])
        let state = try Self.stateDict("Vectors/\(name)")
        #expect(state.hiddenSize == expected["0.weight"]?.shape.last)
        #expect(state.weights.w1 == expected["0.weight"]?.values)
        #expect(state.weights.b1 == expected["0.bias"]?.values)
        #expect(state.weights.w2 == expected["3.weight"]?.values)
        #expect(state.weights.b2 == expected["3.bias"]?.values)
    }

    @Test func `a written head reads back the same`() throws {
        try TestModels.withFolder { folder in
            let written = try HeadFile(
                converting: try Self.stateDict("Vectors/score_module.pt"),
                layer: 26,
                modelDigest: "abc",
                stepText: "\n\n"
            )
            let path = folder + "/head.gguf"
            try written.write(to: path)
            let read = try HeadFile(path: path)
            #expect(read.weights == written.weights)
            #expect(read.hiddenSize == 8)
            #expect(read.layer == 26)
            #expect(read.modelDigest == "abc")
            #expect(read.stepText == "\n\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["head.gguf"])
        }
    }

    @Test func `a head that cannot be written says so`() throws {
        let head = try HeadFile(converting: try Self.stateDict("Vectors/score_module.pt"), layer: 4)
        #expect(throws: LlamaError.self) { try head.write(to: "/nowhere/head.gguf") }
    }

    @Test func `a head of another width, layer, file or step is refused`() throws {
        let head = try HeadFile(
            converting: try Self.stateDict("Vectors/score_module.pt"),
            layer: 4,
            modelDigest: "aa"
        )
        #expect(throws: Never.self) {
            try head.check(belongsTo: (width: 8, layers: 6, digest: "aa"), stepIsOneToken: true)
        }
        let strangers: [(Int, Int, String?, Bool)] = [
            (192, 6, "aa", true), (8, 7, "aa", true), (8, 6, "bb", true), (8, 6, nil, false),
        ]
        for (width, layers, digest, isOneToken) in strangers {
            #expect(throws: LlamaError.self, "\((width, layers, digest, isOneToken))") {
                try head.check(belongsTo: (width, layers, digest), stepIsOneToken: isOneToken)
            }
        }
        #expect(throws: LlamaError.self) {
            try LlamaModel(.bytes(TestModels.modelBytes, name: "the embedded model"), head: head)
        }
    }

    @Test(arguments: ["hostile", "incomplete", "misshapen"])
    func `a state dict that is not a head is refused`(name: String) {
        #expect(throws: LlamaError.self) { try Self.stateDict("StateDicts/\(name).pt") }
    }

    @Test func `a pickle that asks for any other global is refused by its name`() {
        let error = #expect(throws: LlamaError.self) { try Self.stateDict("StateDicts/hostile.pt") }
        #expect(error?.description.contains("torch.nn.modules.container.Sequential") == true)
    }

    @Test func `a damaged state dict is refused at any length and never crashes`() throws {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appending(path: "Vectors/score_module.pt")))
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: LlamaError.self, "\(length) bytes") {
                try TorchStateDict(bytes: Array(bytes[..<length]), name: "cut")
            }
        }
        for index in stride(from: 0, to: bytes.count, by: 3) {
            var changed = bytes
            changed[index] ^= 0x55
            _ = try? TorchStateDict(bytes: changed, name: "changed")
        }
    }
}
