import ModelExecutor
import Policy
import Testing

@testable import CLI

/// Policies against the model that would serve them.
@Suite struct PolicySetModelTests {
    private func problems(of mode: String, scored: Bool, calibrated: Bool, limits: ModelLimits? = nil) throws
        -> [PolicyProblem]
    {
        let yaml =
            "policy: p\narms: {only: {share: 100%, mode: \(mode)}}\nmodes: {voting: {k: 8, select: majority, "
            + "adaptive: {}}, pruning: {k: 8, select: majority, prune: {}}, searching: {k: 8, search: {mcts: {}}}}\n"
        let set = try PolicySet([(file: "p.yaml", policy: SplitPolicy(yaml: yaml, file: "p.yaml"))])
        let model = ModelDescription(
            name: "m",
            contextTokens: 512,
            scored: scored,
            calibrated: calibrated,
            thinks: true,
            parameterCount: nil,
            digest: "",
            limits: limits
        )
        return set.problems(serving: model)
    }

    @Test(arguments: ["auto", "high", "single", "voting", "pruning", "searching"])
    func `a model whose scores have a known worth serves every mode`(mode: String) throws {
        #expect(try problems(of: mode, scored: true, calibrated: true).isEmpty)
    }

    @Test func `a mode that stops on a score is refused where nobody knows what it is worth`() throws {
        let found = try problems(of: "auto", scored: true, calibrated: false)
        #expect(found.map(\.path) == ["arms.only.mode"])
        #expect(found.first?.message.contains("auto stops on a score") == true, "\(found)")
        for mode in ["high", "single", "voting", "pruning", "searching"] {
            #expect(try problems(of: mode, scored: true, calibrated: false).isEmpty, "\(mode)")
        }
    }

    @Test(arguments: ["auto", "high", "pruning", "searching"])
    func `a mode that uses scores is refused on a model without a head`(mode: String) throws {
        let found = try problems(of: mode, scored: false, calibrated: false)
        #expect(found.first?.message.contains("no score head") == true, "\(found)")
    }

    @Test func `a mode for which the model was opened too small is refused`() throws {
        func problems(sequences: Int, mode: String) throws -> [PolicyProblem] {
            try self.problems(
                of: mode,
                scored: true,
                calibrated: true,
                limits: ModelLimits(
                    contextTokens: 512,
                    sequences: sequences,
                    rowsPerBatch: 64,
                    cells: 512 * 72
                )
            )
        }
        #expect(try problems(sequences: 9, mode: "searching").isEmpty, "eight candidates and their prompt")
        let found = try problems(sequences: 8, mode: "searching")
        #expect(found.map(\.path) == ["arms.only.mode"])
        #expect(found.first?.message.contains("--sequences") == true, "\(found)")
        #expect(try problems(sequences: 3, mode: "high").isEmpty, "two at a time and the prompt")
        #expect(try problems(sequences: 2, mode: "high").count == 1)
    }

    @Test func `a shadow's mode has to be one that the model serves`() throws {
        let yaml = "policy: p\narms: {only: {share: 100%, mode: single}}\nshadow: {mode: high, share: 5%}\n"
        let set = try PolicySet([(file: "p.yaml", policy: SplitPolicy(yaml: yaml, file: "p.yaml"))])
        func found(scored: Bool) -> [PolicyProblem] {
            set.problems(
                serving: ModelDescription(
                    name: "m",
                    contextTokens: 512,
                    scored: scored,
                    thinks: true,
                    parameterCount: nil,
                    digest: ""
                )
            )
        }
        #expect(found(scored: true).isEmpty)
        #expect(found(scored: false).map(\.path) == ["shadow.mode"])
    }

    @Test(arguments: ["single", "voting"])
    func `a mode that uses no scores is served without a head`(mode: String) throws {
        #expect(try problems(of: mode, scored: false, calibrated: false).isEmpty)
    }
}
