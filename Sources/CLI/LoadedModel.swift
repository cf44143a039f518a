import Crypto
import DefaultModel
import Foundation
import LlamaBackend
import ModelExecutor

/// A model with its head and its digest, from files or from inside this program.
struct LoadedModel {
    let model: LlamaModel
    let description: ModelDescription

    /// Loads the GGUF at `path` with the head at `head`, or the built-in pair when there is no path.
    init(path: String?, head: String?, settings: LlamaSettings) throws(LlamaError) {
        let digest: String
        if let path {
            // The digest binds a head to its model; a model without a head needs none, and may be large.
            digest = head == nil ? "" : FileDigest.sha256(ofFileAt: path)
            let file: HeadFile? = if let head { try HeadFile(path: head) } else { nil }
            model = try LlamaModel(
                .file(path: path),
                head: file,
                digest: digest.isEmpty ? nil : digest,
                settings: settings
            )
        } else {
            let (source, headFile) = try Self.builtIn()
            digest = FileDigest.sha256(of: Self.bytes(headgate_default_model()))
            model = try LlamaModel(source, head: headFile, digest: digest, settings: settings)
        }
        description = ModelDescription(
            name: "default",
            contextTokens: model.limits.contextTokens,
            scored: model.head != nil,
            calibrated: model.head?.calibration != nil,
            thinks: model.vocabulary.thinkClose != nil,
            parameterCount: model.parameterCount,
            digest: digest,
            sampling: Self.sampling(model.recommendedSampling),
            limits: model.limits
        )
    }

    private static func sampling(_ recommended: RecommendedSampling?) -> Sampling {
        var sampling = Sampling(seed: 0)
        sampling.temperature = recommended?.temperature ?? sampling.temperature
        sampling.topP = recommended?.topP ?? sampling.topP
        sampling.repetitionPenalty = recommended?.repetitionPenalty ?? sampling.repetitionPenalty
        return sampling
    }

    /// The model and head that are part of this program.
    static func builtIn() throws(LlamaError) -> (model: ModelSource, head: HeadFile) {
        let head = try HeadFile(bytes: bytes(headgate_default_head()), name: "the built-in head")
        return (.bytes(bytes(headgate_default_model()), name: "the built-in model"), head)
    }

    private static func bytes(_ file: headgate_embedded_file) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: file.bytes, count: file.count)
    }
}

/// SHA-256 in lower-case hex, which binds a head to its model.
enum FileDigest {
    /// Empty when the file can't be read: loading it says why in better words.
    static func sha256(ofFileAt path: String) -> String {
        guard let file = try? FileHandle(forReadingFrom: URL(filePath: path)) else { return "" }
        var hash = SHA256()
        while let chunk = try? file.read(upToCount: 1 << 20), !chunk.isEmpty { hash.update(data: chunk) }
        return hex(hash.finalize())
    }

    static func sha256(of bytes: UnsafeRawBufferPointer) -> String {
        hex(SHA256.hash(data: bytes))
    }

    private static func hex(_ digest: some Sequence<UInt8>) -> String {
        digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}

extension LlamaSession where Model == LlamaModel {
    /// A session that owns the loaded model.
    static func loading(_ loaded: sending LoadedModel) -> LlamaSession {
        LlamaSession(loaded.model, description: loaded.description)
    }
}
