/// One thing that is wrong with a policy document, where it is, and what to do about it.
public struct PolicyProblem: Sendable, Hashable {
    public let file: String
    /// The place within the document, such as `arms.medium.share`; empty for the document as a whole.
    public let path: String
    /// Counted from 1; nil when the problem has no place in the text.
    public let line: Int?
    public let message: String
    public let fix: String

    public init(file: String, path: String = "", line: Int? = nil, message: String, fix: String) {
        self.file = file
        self.path = path
        self.line = line
        self.message = message
        self.fix = fix
    }
}

extension PolicyProblem: CustomStringConvertible {
    /// One line: `policies/a.yaml:12: arms.medium.share: what is wrong — fix: what to do`.
    public var description: String {
        let place = line.map { "\(file):\($0)" } ?? file
        let subject = path.isEmpty ? "" : "\(path): "
        return "\(place): \(subject)\(message) — fix: \(fix)"
    }
}

/// Everything that is wrong with a document or a folder of them, all at once.
public struct PolicyProblems: Error, Sendable, Hashable {
    public let problems: [PolicyProblem]

    public init(_ problems: [PolicyProblem]) {
        precondition(!problems.isEmpty, "a refusal names at least one problem")
        self.problems = problems
    }
}

extension PolicyProblems: CustomStringConvertible {
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
