import ModelExecutor
import Policy

extension PolicySet {
    /// Arms that the model can't serve: a mode that picks by score needs a model with a head.
    ///
    /// Found at start and at reload, since the alternative is an arm of which every request fails.
    func problems(serving model: ModelDescription) -> [PolicyProblem] {
        guard !model.scored else { return [] }
        return policies.flatMap { policy in
            policy.arms.filter { $0.mode.select.needsScores }.map { arm in
                PolicyProblem(
                    file: "\(policy.id)",
                    path: "arms.\(arm.id).mode",
                    message: "mode \(arm.mode.name) picks by score, and the served model has no score head",
                    fix:
                        "serve the model with --head, or give the arm mode single or one with `select: majority`"
                )
            }
        }
    }
}
