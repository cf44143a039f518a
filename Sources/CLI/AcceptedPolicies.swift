import ArgumentParser
import Policy

/// Policy documents that a command was given: read by the code that `serve` runs, or the command ends.
enum AcceptedPolicies {
    static func set(_ folder: String) throws -> PolicySet {
        do {
            return try PolicySet.load(folder: folder)
        } catch {
            throw refusal(error.problems)
        }
    }

    /// One policy per path; the problems of all documents are printed before the command ends.
    static func single(_ paths: [String]) throws -> [SplitPolicy] {
        var policies: [SplitPolicy] = []
        var problems: [PolicyProblem] = []
        for path in paths {
            do throws(PolicyProblems) {
                let set = try PolicySet.load(folder: path)
                guard let policy = set.policies.first, set.policies.count == 1 else {
                    throw PolicyProblems([severalPolicies(in: path)])
                }
                policies.append(policy)
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw refusal(problems) }
        return policies
    }

    private static func severalPolicies(in path: String) -> PolicyProblem {
        PolicyProblem(
            file: path,
            message: "the folder has several policies",
            fix: "name one of its documents"
        )
    }

    private static func refusal(_ problems: [PolicyProblem]) -> ExitCode {
        for problem in problems { note("\(problem)") }
        note("\(problems.count) problem(s); nothing was changed")
        return ExitCode(ExitStatus.refused)
    }
}
