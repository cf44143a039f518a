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

    /// A curve whose numbers 32-bit floats hold exactly.
    static let curve = Calibration(scores: [0.25, 0.5, 0.75], probabilities: [0.125, 0.5, 0.875])

    @Test func `a written calibration reads back the same, and none reads as none`() throws {
        for calibration in [Self.curve, nil] {
            let (read, _) = try Self.readBack(calibration: calibration)
            #expect(read.weights.calibration == calibration)
            // Not in the expectation: a failure would print the whole head.
            let given = read.head.calibration
            #expect(given == calibration)
        }
    }

    @Test func `the embedded head is calibrated`() throws {
        let head = try HeadFile(bytes: TestModels.headBytes, name: "the embedded head")
        let curve = try #require(head.weights.calibration)
        #expect(curve.scores.count <= 32)
        #expect(curve.probability(of: 0) < 0.2)
        #expect(curve.probability(of: 1) > 0.9)
    }

    /// Calibrations that no head may have, and what is said of them.
    struct Damage: Sendable {
        var problem: String
        var scores: Field?
        var probabilities: Field?
    }

    private static let noCurve = "are no rising curve"
    static let damages: [Damage] = [
        Damage(problem: "lacks headgate.head.calibration.probabilities", scores: .floats([0.25, 0.5])),
        Damage(problem: "lacks headgate.head.calibration.scores", probabilities: .floats([0.25, 0.5])),
        Damage(
            problem: "scores has 2 values and headgate.head.calibration.probabilities 1",
            scores: .floats([0.25, 0.5]),
            probabilities: .floats([0.5])
        ),
        Damage(
            problem: "scores is not an array of 32-bit floats",
            scores: .doubles([0.25, 0.5]),
            probabilities: .floats([0.25, 0.5])
        ),
        Damage(
            problem: "probabilities is not an array of 32-bit floats",
            scores: .floats([0.25, 0.5]),
            probabilities: .count(2)
        ),
        Damage(problem: noCurve, scores: .floats([0.5, 0.25]), probabilities: .floats([0.25, 0.5])),
        Damage(problem: noCurve, scores: .floats([0.25, 0.5]), probabilities: .floats([0.5, 0.25])),
        Damage(problem: noCurve, scores: .floats([0.25, .nan]), probabilities: .floats([0.25, 0.5])),
        Damage(problem: noCurve, scores: .floats([]), probabilities: .floats([])),
    ]

    @Test(arguments: damages) func `a damaged calibration is refused by its name`(damage: Damage) throws {
        var (_, bytes) = try Self.readBack(calibration: nil)
        var fields: [(String, Field)] = []
        if let scores = damage.scores { fields.append((HeadFile.scoresKey, scores)) }
        if let probabilities = damage.probabilities {
            fields.append((HeadFile.probabilitiesKey, probabilities))
        }
        Self.insert(fields, into: &bytes)
        let error = #expect(throws: LlamaError.self) {
            try bytes.withUnsafeBytes { try HeadFile(bytes: $0, name: "damaged") }
        }
        #expect(error?.description.contains(damage.problem) == true, "\(String(describing: error))")
    }

    @Test func `inserted fields are read`() throws {
        var (_, bytes) = try Self.readBack(calibration: nil)
        let fields: [(String, Field)] = [
            (HeadFile.scoresKey, .floats([0.25, 0.5, 0.75])),
            (HeadFile.probabilitiesKey, .floats([0.125, 0.5, 0.875])),
        ]
        Self.insert(fields, into: &bytes)
        let read = try bytes.withUnsafeBytes { try HeadFile(bytes: $0, name: "edited") }
        #expect(read.weights.calibration == Self.curve)
    }

    /// A small head that was written with this calibration: as read again, and its bytes.
    static func readBack(calibration: Calibration?) throws -> (head: HeadFile, bytes: [UInt8]) {
        try TestModels.withFolder { folder in
            var weights = try stateDict("Vectors/score_module.pt").weights
            weights.calibration = calibration
            let head = try HeadFile(weights, hiddenSize: 8, layer: 4, stepText: ".", name: "a small head")
            let path = folder + "/head.gguf"
            try head.write(to: path)
            return (try HeadFile(path: path), [UInt8](try Data(contentsOf: URL(filePath: path))))
        }
    }

    /// The value of a GGUF field.
    enum Field: Sendable {
        case floats([Float])
        case doubles([Double])
        case count(UInt32)
        case text(String)
    }

    /// Puts fields before all others of a GGUF; a filler keeps the tensors at a multiple of their alignment.
    static func insert(_ fields: [(String, Field)], into file: inout [UInt8]) {
        let fillerKey = "test.filler"
        let filled = fields.flatMap(encoded) + encoded(fillerKey, .text(""))
        let filler = String(repeating: "x", count: (32 - filled.count % 32) % 32)
        let added = fields.flatMap(encoded) + encoded(fillerKey, .text(filler))
        // After the magic, the version and the count of tensors comes the count of fields, then the fields.
        file[16] += UInt8(fields.count + 1)
        file.insert(contentsOf: added, at: 24)
    }

    private static func encoded(_ key: String, _ value: Field) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
        }
        func append(_ text: String) {
            append(UInt64(text.utf8.count))
            bytes += text.utf8
        }
        // GGUF's numbers of types: 4 an unsigned integer, 6 and 12 floats, 8 a text, 9 an array.
        func begin(_ types: UInt32...) { for type in types { append(type) } }
        append(key)
        switch value {
        case .floats(let values):
            begin(9, 6)
            append(UInt64(values.count))
            for number in values { append(number.bitPattern) }
        case .doubles(let values):
            begin(9, 12)
            append(UInt64(values.count))
            for number in values { append(number.bitPattern) }
        case .count(let count):
            begin(4)
            append(count)
        case .text(let text):
            begin(8)
            append(text)
        }
        return bytes
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
