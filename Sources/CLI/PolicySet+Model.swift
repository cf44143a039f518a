import Gateway
import ModelExecutor
import Policy

extension PolicySet {
    /// Arms and shadows that the model can't serve: a mode that uses scores needs a model with a head, and one that stops on a
    /// score needs to know what it is worth.
    ///
    /// So does one with too few sequences or cells for a mode's candidates.
    ///
    /// Found at start and at reload, since the alternative is an arm of which every request fails.
    func problems(serving model: ModelDescription) -> [PolicyProblem] {
        policies.flatMap { policy in
            let shadow = policy.shadow.map { [(path: "shadow.mode", mode: $0.mode)] } ?? []
            return (policy.arms.map { (path: "arms.\($0.id).mode", mode: $0.mode) } + shadow).compactMap {
                path,
                mode in
                Self.problem(of: mode, upTo: policy.limits.maxTokens, on: model).map { message, fix in
                    PolicyProblem(file: "\(policy.id)", path: path, message: message, fix: fix)
                }
            }
        }
    }

    private static func problem(
        of mode: Mode,
        upTo maxTokens: Int,
        on model: ModelDescription
    ) -> (message: String, fix: String)? {
        if mode.needsScores, !model.scored {
            return (
                "mode \(mode.name) picks by score, and the served model has no score head",
                "serve the model with --head, or use mode single or one with `select: majority`"
            )
        }
        if mode.needsCalibration, !model.calibrated {
            return (
                "mode \(mode.name) stops on a score, and the model's head does not say what its scores are worth",
                "let it `select: majority`, which stops on agreement, or use a mode without `adaptive`"
            )
        }
        guard let limits = model.limits else { return nil }
        do throws(ExecutorError) {
            try Effort(mode).check(on: limits, maxTokens: maxTokens)
            return nil
        } catch {
            return (
                "mode \(mode.name) does not fit the model: \(error)",
                "open the model with more, or ask for less"
            )
        }
    }
}
