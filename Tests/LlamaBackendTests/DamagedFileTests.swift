import Foundation
import Testing

@testable import LlamaBackend

@Suite struct DamagedFileTests {
    @Test(arguments: [0, 3, 100, 5000, 200_000] + (1...9).map { $0 * TestModels.modelBytes.count / 10 })
    func `a truncated model is refused and not half loaded`(length: Int) throws {
        #expect(throws: LlamaError.self, "\(length) bytes") {
            try LlamaModel(
                .bytes(UnsafeRawBufferPointer(rebasing: TestModels.modelBytes[..<length]), name: "cut")
            )
        }
        try TestModels.withFolder { folder in
            let path = folder + "/cut.gguf"
            try Data(TestModels.modelBytes[..<length]).write(to: URL(filePath: path))
            #expect(throws: LlamaError.self, "\(length) bytes") { try LlamaModel(.file(path: path)) }
        }
    }

    @Test func `a model that lacks its last bytes is refused`() {
        #expect(throws: LlamaError.self) {
            let bytes = TestModels.modelBytes
            return try LlamaModel(
                .bytes(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 64)]), name: "cut")
            )
        }
    }

    @Test(arguments: [0, 3, 50, 200, 5000] + (1...9).map { $0 * TestModels.headBytes.count / 10 })
    func `a truncated head is refused`(length: Int) {
        #expect(throws: LlamaError.self) {
            try HeadFile(
                bytes: UnsafeRawBufferPointer(rebasing: TestModels.headBytes[..<length]),
                name: "cut"
            )
        }
    }

    @Test func `a missing file is named with the reason`() {
        let error = #expect(throws: LlamaError.self) { try LlamaModel(.file(path: "/nowhere/model.gguf")) }
        #expect(error?.description.contains("/nowhere/model.gguf") == true)
        #expect(error?.description.contains("No such file") == true)
        #expect(throws: LlamaError.self) { try HeadFile(path: "/nowhere/head.gguf") }
    }

    @Test func `a model is no head and a head is no model`() {
        #expect(throws: LlamaError.self) { try HeadFile(bytes: TestModels.modelBytes, name: "a model") }
        #expect(throws: LlamaError.self) { try LlamaModel(.bytes(TestModels.headBytes, name: "a head")) }
    }
}
