import ModelExecutor
import Policy
import Testing

@testable import CLI

@Suite struct ModeOptionsTests {
    private let model = ModelDescription(
        name: "default",
        contextTokens: 512,
        scored: true,
        thinks: true,
        parameterCount: nil,
        digest: "",
        sampling: Sampling(temperature: 0.7, topP: 0.9, topK: 5, repetitionPenalty: 1.1, seed: 0)
    )

    @Test func `what a mode fixes wins over the model's sampling`() {
        let mode = Mode(
            name: "own",
            k: 2,
            select: .bestScore,
            temperature: 0.3,
            topP: 0.8,
            topK: 40,
            repetitionPenalty: 1.05
        )
        #expect(
            mode.sampling(seed: 9, of: model)
                == Sampling(temperature: 0.3, topP: 0.8, topK: 40, repetitionPenalty: 1.05, seed: 9)
        )
    }

    @Test func `what a mode leaves open is the model's`() {
        var expected = model.sampling
        expected.seed = 9
        #expect(Mode.medium.sampling(seed: 9, of: model) == expected)
    }
}
