import ArgumentParser
import Foundation
import LlamaBackend

/// `headgate convert-head`: a reference score head becomes one that this program serves.
struct ConvertHead: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn a reference score_module.pt into a head file for a GGUF model.",
        discussion: """
            The state dict has the keys 0.weight, 0.bias, 3.weight and 3.bias; any other content is refused. The \
            head is bound to the model by its digest.

            Example:
              headgate convert-head score_module.pt --model policy.gguf --output head.gguf
            """
    )

    @Argument(help: ArgumentHelp("PyTorch state dict of the head.", valueName: "pt"))
    var stateDict: String

    @Option(help: ArgumentHelp("The model that the head was trained on.", valueName: "gguf"))
    var model: String

    @Option(help: ArgumentHelp("Head file to write; must not exist yet.", valueName: "gguf"))
    var output: String

    @Option(help: "Text that ends a step; one token of the model.")
    var step = ".\n\n"

    func run() throws {
        guard !FileManager.default.fileExists(atPath: output) else {
            throw UsageError("'\(output)' exists; choose another name or remove it")
        }
        let shape = try ModelShape(.file(path: model))
        let weights = try TorchStateDict(path: stateDict)
        guard weights.hiddenSize == shape.width else {
            throw UsageError(
                "the head reads \(weights.hiddenSize) features and the model has \(shape.width); "
                    + "give the model that the head was trained on"
            )
        }
        let head = try HeadFile(
            converting: weights,
            layer: shape.headLayer,
            modelDigest: FileDigest.sha256(ofFileAt: model),
            stepText: step
        )
        try head.write(to: output)
        print(
            "\(output): head of width \(head.hiddenSize), reads the residual stream after block \(head.layer)"
        )
    }
}
