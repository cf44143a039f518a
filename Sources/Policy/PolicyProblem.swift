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
        return oneLine("\(place): \(subject)\(message) — fix: \(fix)")
    }
}

/// The text without control characters: a document's own text must neither break a log line nor steer a
/// terminal.
private func oneLine(_ text: String) -> String {
    let isControl: (Unicode.Scalar) -> Bool = { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? " " : $0 }))
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
