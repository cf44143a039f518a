import Foundation
import Policy

/// The folder that holds the checked-in files beside these tests.
let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

/// The shipped policy folder.
let shippedPolicies = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "policies").path(percentEncoded: false)

/// Two arms, and whatever else is given as top-level lines.
func document(_ lines: String..., name: String = "p", priority: Int = 10, treatment: String = "10%") -> String
{
    let rest = treatment == "10%" ? "90%" : "50%"
    return """
        policy: \(name)
        priority: \(priority)
        arms:
          low: {share: \(rest), mode: low, control: true}
          medium: {share: \(treatment), mode: medium}

        """ + lines.map { $0 + "\n" }.joined()
}

extension SplitPolicy {
    /// A policy of bare shares in basis points; the first arm is the control.
    static func splitting(
        _ shares: KeyValuePairs<String, Int>,
        salt: String = "salt"
    ) throws(PolicyProblems) -> SplitPolicy {
        let arms = shares.enumerated().map { index, arm in
            "  \(arm.key): {share: \(Share(basisPoints: arm.value)), mode: low, control: \(index == 0)}\n"
        }
        return try SplitPolicy(yaml: "policy: p\nsalt: \(salt)\narms:\n" + arms.joined(), file: "p.yaml")
    }

    init(_ yaml: String) throws(PolicyProblems) {
        try self.init(yaml: yaml, file: "p.yaml")
    }
}

extension SubjectID {
    static func sample(count: Int) -> [SubjectID] {
        (0..<count).map { SubjectID(rawValue: "subject-\($0)") }
    }
}

/// What is wrong with a document; empty when nothing is.
func problems(of yaml: String) -> [PolicyProblem] {
    do {
        _ = try SplitPolicy(yaml)
        return []
    } catch {
        return error.problems
    }
}

/// A new folder for the length of the body.
func withFolder<R>(_ files: [String: String], _ body: (URL) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "policies-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
    return try await body(folder)
}

func write(_ text: String, to file: URL) throws {
    try Data(text.utf8).write(to: file)
}
