import Policy

/// A mode in one word, for measuring: `majority@8`, `best_score@32+prune=0.5/2`, `best_score@32+stages=2/8/32@0.9`.
///
/// It is turned into the policy document that defines such a mode, so the same rules hold and the same errors come.
struct ModeText {
    static let example = "best_score@32+prune=0.5/2"

    private let name: String

    init(_ name: String) { self.name = name }

    /// Nil for text that is no RULE@K; throws for one that is and can't work.
    func mode() throws(UsageError) -> Mode? {
        let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let head = parts[0].split(separator: "@", omittingEmptySubsequences: false)
        guard head.count == 2, SelectionRule(rawValue: String(head[0])) != nil, Int(head[1]) != nil else {
            return nil
        }
        var values = ["k: \(head[1])", "select: \(head[0])"]
        for option in parts.dropFirst() { values.append(try Self.value(of: option)) }
        let yaml = """
            policy: command-line
            arms: {only: {share: 100%, mode: asked}}
            modes: {asked: {\(values.joined(separator: ", "))}}
            """
        do throws(PolicyProblems) {
            let mode = try SplitPolicy(yaml: yaml, file: "mode").control.mode
            return mode.named(ModeName(rawValue: name))
        } catch {
            guard let problem = error.problems.first else { throw UsageError("mode '\(name)': \(error)") }
            let part = problem.path.replacing("modes.asked.", with: "")
            throw UsageError("mode '\(name)': \(part): \(problem.message); \(problem.fix)")
        }
    }

    private static func value(of option: String) throws(UsageError) -> String {
        let (key, text) = split(option, at: "=")
        let (list, confidence) = split(text ?? "", at: "@")
        let values = list.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // Numbers alone, lest a value say more of the document than its own.
        if (values + [confidence ?? "1"]).allSatisfy(isUnsigned) {
            switch (key, values.count, confidence) {
            case ("prune", 2, nil):
                return "prune: {keep: \(values[0]), after_steps: \(values[1]), audit: 0%}"
            case ("stages", _, let confidence):
                let stages = "stages: [\(values.joined(separator: ", "))]"
                return "adaptive: {\(stages)\(confidence.map { ", confidence: \($0)" } ?? "")}"
            case ("beam", 2, nil): return "search: {beam: {width: \(values[0]), every_steps: \(values[1])}}"
            case ("mcts", 2, nil):
                return "search: {mcts: {exploration: \(values[0]), parallel: \(values[1])}}"
            case ("budget", 1, nil): return "token_budget: \(list)"
            default: break
            }
        }
        throw UsageError(
            "'\(option)' is no option of a mode; say prune=KEEP/STEPS, stages=2/8/32@CONFIDENCE, "
                + "beam=WIDTH/STEPS, mcts=EXPLORATION/PARALLEL or budget=TOKENS"
        )
    }

    private static func isUnsigned(_ text: String) -> Bool {
        !text.isEmpty && text.allSatisfy { $0 == "." || ($0.isASCII && $0.isNumber) }
    }

    private static func split(_ text: String, at separator: Character) -> (String, String?) {
        let parts = text.split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
    }
}
