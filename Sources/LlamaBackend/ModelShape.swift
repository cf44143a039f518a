/// What a head must fit: the width and depth of a model, read without making a context for it.
public struct ModelShape: Sendable, Hashable {
    public let width: Int
    public let layers: Int

    public init(_ source: ModelSource) throws(LlamaError) {
        let weights = try LlamaWeights(source: source, gpuLayers: 0)
        width = weights.width
        layers = weights.layers
    }

    /// The 0-based block whose output a reference head reads: the second to last, as in the paper's code.
    public var headLayer: Int { layers - 2 }
}
